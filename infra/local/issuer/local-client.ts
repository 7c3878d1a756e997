/** The page as a client of the local issuer. Its audience is a URI, as resource indicators must be (RFC 8707). */
export const localClient = {
  clientId: 'mailtrail-ui',
  scope: 'openid offline_access',
  audience: 'urn:mailtrail:local',
} as const;
