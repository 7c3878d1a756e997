import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { type AssetCode, Code } from 'aws-cdk-lib/aws-lambda';
import { bundleFunction, type FunctionName, projectRoot } from './bundling.ts';

/**
 * The function's bundle as an asset of the stack, made while the stack is synthesized. `NodejsFunction` cannot make it,
 * because it bundles into one file. The package has
 * `infra/tools/package/function-code.ts` in its place.
 */
export function functionCode(name: FunctionName): AssetCode {
  return Code.fromAsset(projectRoot, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Never run, because esbuild is here. The CDK takes assets of the same image and command for one.
      image: DockerImage.fromRegistry('unused'),
      command: [name],
      local: {
        tryBundle(directory) {
          bundleFunction(name, directory);
          return true;
        },
      },
    },
  });
}
