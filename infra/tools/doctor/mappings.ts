import {
  type EventSourceMappingConfiguration,
  type LambdaClient,
  paginateListEventSourceMappings,
} from '@aws-sdk/client-lambda';

/** The event source mappings of the stack's functions. */
export async function mappingsOf(
  client: LambdaClient,
  resources: readonly { readonly type: string; readonly ref: string }[],
): Promise<readonly EventSourceMappingConfiguration[]> {
  const found: EventSourceMappingConfiguration[] = [];
  for (const { ref: FunctionName } of resources.filter(({ type }) => type === 'AWS::Lambda::Function')) {
    for await (const page of paginateListEventSourceMappings({ client }, { FunctionName }))
      found.push(...(page.EventSourceMappings ?? []));
  }
  return found;
}
