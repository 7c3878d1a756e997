/** A fault of a running installation, as its operator reads it. */
export interface Finding {
  /** The fault, in a sentence that names the part. */
  readonly wrong: string;
  readonly impact: string;
  /** One command, or one step in a console. */
  readonly remedy: string;
}

const refusals = /^(?:AccessDenied|Authorization|Unauthorized|Forbidden|NotAuthorized)/;

/** The finding of a check that could not look: a permission is missing, or a service is out of reach. */
export function notLooked(check: string, error: Error): Finding {
  const impact = `Nobody knows whether there is a fault: ${check}.`;
  if (refusals.test(error.name)) {
    const [, permission] = /perform:? ([\w-]+:\w+)/.exec(error.message) ?? [];
    const needed = permission ?? 'of a call that AWS refused';
    return {
      wrong: `This check was not made: the permission ${needed} is missing.`,
      impact,
      remedy: `Allow ${needed} to the role that runs the doctor.`,
    };
  }
  return {
    wrong: `This check was not made: ${error.message || error.name}`.replace(/[.:\s]*$/, '.'),
    impact,
    remedy: 'Mend the cause, and run the doctor again.',
  };
}
