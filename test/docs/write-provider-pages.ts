import { writeFileSync } from 'node:fs';
import { documents } from './provider-pages.ts';

for (const { file, text } of await documents()) writeFileSync(file, text);
