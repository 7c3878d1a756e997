// Replaces the AWS SDK's chain of credential providers, half of which handles files, SSO and metadata servers. In
// Lambda, credentials are always in the environment, fresh in every execution environment.
export function defaultProvider() {
  return async () => ({
    accessKeyId: process.env.AWS_ACCESS_KEY_ID,
    secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY,
    sessionToken: process.env.AWS_SESSION_TOKEN,
  });
}
