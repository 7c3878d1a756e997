/** Writes the browser's modules into the folder in its argument, beside the bundle of the ui function. */

import { writeUiModules } from '../ui-modules.ts';

await writeUiModules(process.argv[2]!);
