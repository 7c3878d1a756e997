import { accountId, region } from '../cloudformation/template.ts';
import type { EventSourceMapping, RunningMapping } from './event-source-mapping.ts';

/** An event source mapping that can be switched off and on, as by UpdateEventSourceMapping. */
export interface SwitchedMapping {
  /** The name that the template's references have for it. */
  readonly uuid: string;
  readonly functionName: string;
  readonly eventSourceArn: string;
  /** Its configuration in the words of GetEventSourceMapping. */
  described(): object;
  /**
   * Starts or stops it. Its state changes at once to `Enabling` or `Disabling`, and again when that is done.
   *
   * @returns false while an earlier change is under way
   */
  turn(on: boolean): boolean;
  stop(): Promise<void>;
}

export interface MappingSwitchOptions {
  readonly uuid: string;
  readonly functionName: string;
  readonly mapping: EventSourceMapping & { readonly Enabled?: boolean };
  readonly start: () => RunningMapping;
}

type State = 'Enabled' | 'Enabling' | 'Disabled' | 'Disabling';

/** A mapping that runs unless the template disables it. A restart of the stack forgets how it was switched. */
export function createMappingSwitch({ uuid, functionName, mapping, start }: MappingSwitchOptions): SwitchedMapping {
  let running: RunningMapping | null = mapping.Enabled === false ? null : start();
  let state: State = running === null ? 'Disabled' : 'Enabled';
  let change = { at: Date.now(), by: 'Cloudformation' };
  let changing: Promise<void> = Promise.resolve();

  async function changed(on: boolean): Promise<void> {
    await running?.stop();
    running = on ? start() : null;
    state = on ? 'Enabled' : 'Disabled';
  }

  return {
    uuid,
    functionName,
    eventSourceArn: mapping.EventSourceArn,
    turn(on) {
      if (state.endsWith('ing')) return false;
      if (on === (state === 'Enabled')) return true;
      state = on ? 'Enabling' : 'Disabling';
      change = { at: Date.now(), by: 'USER_INITIATED' };
      changing = changed(on);
      return true;
    },
    described() {
      const { Enabled: _, ...configuration } = mapping;
      return {
        ...configuration,
        UUID: uuid,
        EventSourceMappingArn: `arn:aws:lambda:${region}:${accountId}:event-source-mapping:${uuid}`,
        FunctionArn: `arn:aws:lambda:${region}:${accountId}:function:${functionName}`,
        State: state,
        StateTransitionReason: change.by,
        LastModified: change.at / 1000,
        LastProcessingResult: 'No records processed',
      };
    },
    async stop() {
      await changing;
      await running?.stop();
      running = null;
    },
  };
}
