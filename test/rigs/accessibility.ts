import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';

/** The faults that axe finds in a page, shadow roots included: each rule with its place. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map(node => `${id}: ${node.target.join(' ')}`));
}
