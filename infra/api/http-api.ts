import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  type CfnStage,
  CorsHttpMethod,
  DomainName,
  HttpApi,
  type HttpMethod,
  type HttpRoute,
  HttpStage,
  LogGroupLogDestination,
  SecurityPolicy,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { type Route, type RouteKey, routes } from '../../shared/http/routes.ts';
import type { Config } from '../config.ts';
import type { TokenSettings } from './token-settings.ts';

/** The access log holds neither the caller nor any content of the request. */
const accessLogLine = {
  requestId: '$context.requestId',
  route: '$context.routeKey',
  status: '$context.status',
  integration: '$context.integration.status',
  latency: '$context.responseLatency',
  tokenError: '$context.authorizer.error',
} as const;

/** AWS allows no account more requests at once, and nobody can raise it. */
const maxBurst = 5_000;

/**
 * The limits of people's routes, each by itself, so that a flood on one does not block the others. A provider's route has
 * none, and so the account's: some providers never send an event again that was answered 429.
 */
function routeSettings({ requestsPerSecond }: Config): Readonly<Record<string, object>> {
  // The members are written in capitals: the resource takes them unchanged.
  const limits = {
    ThrottlingRateLimit: requestsPerSecond,
    ThrottlingBurstLimit: Math.min(requestsPerSecond * 2, maxBurst),
  };
  const peoples = Object.entries<Route>(routes).filter(([, { access }]) => access !== 'provider');
  return Object.fromEntries(peoples.map(([key]) => [key, limits]));
}

/** The HTTP API, built from the table of routes. Payload format 2.0 delivers a body to the function byte for byte. */
export class MailtrailApi extends HttpApi {
  readonly stage: HttpStage;
  /** Log of the requests. Its group's name keeps it out of the account's one policy for log delivery, which is short. */
  readonly accessLogs: LogGroup;
  /** The configured domain, with the names to which its DNS record must point; null for the API's own address. */
  readonly domain: DomainName | null;
  /** The address at which the API answers. */
  readonly address: string;
  readonly routes: Readonly<Record<RouteKey, HttpRoute>>;

  constructor(
    scope: Construct,
    id: string,
    parts: {
      readonly config: Config;
      readonly tokens: TokenSettings;
      readonly functions: Readonly<Record<Route['function'], IFunction>>;
    },
  ) {
    const { config, tokens, functions } = parts;
    super(scope, id, {
      apiName: config.stackName,
      description: 'Mailtrail: webhooks of email providers, and the statuses of emails',
      createDefaultStage: false,
      // Two addresses of one API would be two URLs that a provider may sign. Both answer while the URLs are changed.
      ...(config.domainName !== undefined && { disableExecuteApiEndpoint: !config.keepDefaultAddress }),
      ...(config.corsOrigins.length > 0 && { corsPreflight: corsFor(config.corsOrigins) }),
    });

    const integrations = {
      ingest: new HttpLambdaIntegration('Ingest', functions.ingest, { scopePermissionToRoute: false }),
      query: new HttpLambdaIntegration('Query', functions.query, { scopePermissionToRoute: false }),
      manage: new HttpLambdaIntegration('Manage', functions.manage, { scopePermissionToRoute: false }),
      ui: new HttpLambdaIntegration('Ui', functions.ui, { scopePermissionToRoute: false }),
    } as const satisfies Record<Route['function'], HttpLambdaIntegration>;
    const authorizer = new HttpJwtAuthorizer('Tokens', tokens.oidcIssuer, { jwtAudience: [tokens.oidcAudience] });

    this.routes = Object.fromEntries(
      Object.entries<Route>(routes).map(([key, { function: target, access }]) => {
        const [method, path] = key.split(' ') as [HttpMethod, string];
        const [route] = this.addRoutes({
          path,
          methods: [method],
          integration: integrations[target],
          ...((access === 'account' || access === 'support') && {
            authorizer,
            // Either scope is enough.
            ...(config.apiScope !== undefined && { authorizationScopes: [config.apiScope, config.supportScope] }),
          }),
        });
        return [key, route];
      }),
    ) as Record<RouteKey, HttpRoute>;

    this.domain = domainFor(this, config);
    this.address = this.domain === null ? this.apiEndpoint : `https://${config.domainName}`;
    this.accessLogs = new LogGroup(this, 'AccessLogs', {
      logGroupName: `/aws/vendedlogs/apis/${config.stackName}`,
      retention: config.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.stage = new HttpStage(this, 'Stage', {
      httpApi: this,
      stageName: '$default',
      autoDeploy: true,
      ...(this.domain !== null && { domainMapping: { domainName: this.domain } }),
      accessLogSettings: {
        destination: new LogGroupLogDestination(this.accessLogs),
        format: AccessLogFormat.custom(JSON.stringify(accessLogLine)),
      },
    });
    (this.stage.node.defaultChild as CfnStage).routeSettings = routeSettings(config);
    // A stage may name only routes that exist already.
    this.stage.node.addDependency(...Object.values(this.routes));
  }

  /** The address, as every HTTP API of the CDK names it. */
  override get url(): string {
    return this.address;
  }
}

/** The domain of the settings; null if they name none. */
function domainFor(scope: Construct, { domainName, certificateArn }: Config): DomainName | null {
  if (domainName === undefined || certificateArn === undefined) return null;
  return new DomainName(scope, 'Domain', {
    domainName,
    certificate: Certificate.fromCertificateArn(scope, 'Certificate', certificateArn),
    securityPolicy: SecurityPolicy.TLS_1_2,
  });
}

/** The answer to preflight requests from the pages of some origins. */
export function corsFor(allowOrigins: readonly string[]) {
  return {
    allowOrigins: [...allowOrigins],
    allowMethods: [CorsHttpMethod.GET, CorsHttpMethod.POST],
    allowHeaders: ['authorization', 'content-type', 'if-none-match'],
    exposeHeaders: ['apigw-requestid', 'etag', 'link', 'retry-after', 'x-request-id'],
    maxAge: Duration.hours(1),
  };
}
