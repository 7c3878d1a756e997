import { join } from 'node:path';
import { readableName } from '../cloudformation/readable-name.ts';
import type { ResolvedTemplate, Resource } from '../cloudformation/template.ts';
import type { StackFunctions } from '../lambda/stack-functions.ts';
import type { LocalTable } from '../services/tables.ts';
import { StartError } from '../start-error.ts';
import type { EventSourceMapping, RunningMapping } from './event-source-mapping.ts';
import { createFailureDestination } from './failure-destination.ts';
import { createMappingSwitch, type SwitchedMapping } from './mapping-switch.ts';
import { checkQueueMapping, startQueueMapping } from './queue-mapping.ts';
import { startStreamMapping } from './stream-mapping.ts';

export interface StackMappingsOptions {
  readonly template: ResolvedTemplate;
  readonly functions: StackFunctions;
  /** The tables by logical id. */
  readonly tables: ReadonlyMap<string, LocalTable>;
  readonly dynamoDbEndpoint: string;
  readonly queueEndpoint: string;
  /** Checkpoints are kept here. */
  readonly dataDir: string;
  readonly streamShards: number | undefined;
  readonly maxBatchingWindowSeconds: number | undefined;
  readonly onFault: (line: string) => void;
}

/** The longest that a person at this machine waits for a batch. */
const usualMaxWindowSeconds = 10;

/** Starts the event source mappings of the template, each by the kind of its source. */
export function startStackMappings(options: StackMappingsOptions): readonly SwitchedMapping[] {
  const { template, functions, tables, queueEndpoint, onFault } = options;
  const { maxBatchingWindowSeconds: maxWindow = usualMaxWindowSeconds } = options;
  return template.ofType('AWS::Lambda::EventSourceMapping').map(resource => {
    const { ref, properties } = resource;
    const functionName = functions.at(properties.FunctionName).name;
    return createMappingSwitch({ uuid: ref, functionName, mapping: properties, start: () => startMapping(resource) });
  });

  function startMapping({ logicalId, properties }: Resource): RunningMapping {
    const { MaximumBatchingWindowInSeconds: window = 0, ...others } = properties as EventSourceMapping;
    const mapping = { ...others, MaximumBatchingWindowInSeconds: Math.min(window, maxWindow) };
    const target = functions.at(properties.FunctionName);
    const queue = template.byArn('AWS::SQS::Queue', mapping.EventSourceArn);
    if (queue !== undefined && mapping.FilterCriteria === undefined) {
      checkQueueMapping(logicalId, queue.ref, properties);
      const postpones = readableName(queue.logicalId) === 'digests';
      return startQueueMapping({ mapping, target, endpoint: queueEndpoint, queueUrl: queue.ref, postpones, onFault });
    }
    const table = template.byArn('AWS::DynamoDB::Table', mapping.EventSourceArn);
    const { streamArn, partitionKey = '' } = (table && tables.get(table.logicalId)) ?? {};
    if (streamArn === undefined || mapping.StartingPosition !== 'TRIM_HORIZON') {
      throw new StartError(`${logicalId}: an event source that is not understood here: ${mapping.EventSourceArn}`);
    }
    const destination = mapping.DestinationConfig?.OnFailure?.Destination;
    return startStreamMapping({
      mapping,
      target,
      endpoint: options.dynamoDbEndpoint,
      streamArn,
      partitionKey,
      shards: options.streamShards,
      checkpointFile: join(options.dataDir, `checkpoint-${logicalId}.json`),
      failureDestination: destination === undefined ? null : createFailureDestination(destination, queueEndpoint),
      onFault,
    });
  }
}
