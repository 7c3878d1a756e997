/** Written by npm run docs. */

export interface paths {
    "/webhooks/{provider}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description A provider's callback, or a registration by the sending application (provider `app`). */
        post: operations["takeCallback"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/statuses": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description The catalogue of statuses and of causes, cacheable. */
        get: operations["listStatuses"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description This document. */
        get: operations["getDocument"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/accounts/{accountId}/emails": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description An account's emails, newest first, as far as the filters take them. */
        get: operations["listEmails"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/accounts/{accountId}/emails/{emailId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description One email: status, meaning, cause, what to do, why this status, timeline, caveats. */
        get: operations["getEmail"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/accounts/{accountId}/emails/statuses": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description The status of up to a hundred emails, by their ids or by references. */
        post: operations["getStatuses"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/accounts/{accountId}/attention-list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description The emails that somebody must act on, for spreadsheets and programs: who, and why. The pages one after the other, each by the `link` of the one before, are one file. */
        get: operations["exportAttentionList"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/emails": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Emails of all accounts, newest first: of a recipient, of a reference, or those that somebody must act on. */
        get: operations["listEmailsOfAll"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/emails/{emailId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description One email of any account, or of none that is known yet. */
        get: operations["getEmailOfAny"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/accounts/{accountId}/erasures": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description Erases what is kept of a recipient in an account's name. */
        post: operations["eraseRecipient"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/erasures": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description Erases what is kept of a recipient, whoever sent to them. */
        post: operations["eraseRecipientOfAll"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description Up to 100 ids of emails, or up to 100 references: one of the two. */
        StatusesRequest: {
            emailIds?: string[];
            references?: string[];
        } & (unknown | unknown);
        /** @description Whose data is to be erased. */
        ErasureRequest: {
            /** @description The address, in any spelling that is the same mailbox. */
            recipient: string;
        };
        /** @description One message to one recipient. */
        EmailId: string;
        /** @description ISO-8601 in UTC, with milliseconds. */
        Time: string;
        /**
         * @description Why a delivery failed, or was put off.
         * @enum {string}
         */
        Cause: "unknown_user" | "unknown_domain" | "disabled_account" | "moved" | "not_accepting" | "mailbox_full" | "too_large" | "rate_limited" | "greylisted" | "system" | "network" | "expired" | "loop" | "blocked" | "authentication_failed" | "sender_rejected" | "relay_denied" | "reverse_dns" | "spam_content" | "virus" | "policy" | "protocol" | "suppressed" | "unspecified";
        /** @description A fact that the status alone hides. */
        Caveat: {
            /** @enum {string} */
            code: "temporary_failure_after_delivery" | "receipt_after_failure" | "no_news_since" | "one_of_several_recipients" | "not_addressed" | "message_not_known" | "account_conflict";
            text: string;
            at: components["schemas"]["Time"] | null;
        };
        /** @description What became of a request's events; each is in exactly one of those below `received`. */
        Counts: {
            received: number;
            recorded: number;
            duplicate: number;
            dropped: number;
            erased: number;
            expired: number;
            queued: number;
            quarantined: number;
            unrelated: number;
            /** @description Names of providers that registrations in the name of an unknown one most likely meant. */
            didYouMean?: string[];
        };
        /** @description The code of a validation, given back. */
        Validation: {
            validationResponse: string;
        };
        /** @description RFC 9457 problem details. */
        Problem: {
            /**
             * @description Stable: what a program goes by.
             * @enum {string}
             */
            type: "/problems/unauthorized" | "/problems/forbidden" | "/problems/not-found" | "/problems/method-not-allowed" | "/problems/too-large" | "/problems/unsupported-encoding" | "/problems/invalid-request" | "/problems/try-again" | "/problems/unavailable" | "/problems/not-erased" | "/problems/fault";
            title: string;
            status: number;
            detail?: string;
            /** @description The parameter or field that is wrong. */
            field?: string;
            erased?: components["schemas"]["ErasedCounts"];
        };
        /** @description How many emails were erased by this request. */
        ErasedCounts: {
            emails: number;
        };
        /** @description API Gateway's own answer. */
        GatewayMessage: {
            message: string;
        };
        /** @description The statuses and the causes, with what each means and what to do. */
        Catalogue: {
            statuses: {
                id: components["schemas"]["Status"];
                label: string;
                meaning: string;
                resolution: string | null;
                sentAgain: string | null;
                doesNotProve: string;
                /** @enum {string} */
                attention: "no" | "when_old" | "yes";
            }[];
            causes: {
                id: components["schemas"]["Cause"];
                label: string;
                text: string;
                /** @description null: as the status says. */
                whatToDo: string | null;
                turn: components["schemas"]["Turn"] | null;
                /** @description Of an email that failed for it; null where the cause does not decide it. */
                status: components["schemas"]["Status"] | null;
            }[];
        };
        /**
         * @description One of the eleven.
         * @enum {string}
         */
        Status: "enqueued" | "sent" | "deferred" | "delivered" | "soft_bounced" | "hard_bounced" | "invalid" | "rejected" | "opened" | "link_clicked" | "marked_spam";
        /**
         * @description Who can put it right; nobody: only time does.
         * @enum {string}
         */
        Turn: "recipient" | "sender" | "receiving_server" | "nobody";
        /** @description A page of a list, newest first. */
        EmailList: {
            emails: components["schemas"]["EmailRow"][];
            /** @description For the next page; absent on the last one. */
            cursor?: string;
            /**
             * @description The reference has more emails than the 1,000 of which this list is made. Ask for the recipient as well.
             * @constant
             */
            truncated?: true;
        };
        /** @description An email as a row of a list. */
        EmailRow: {
            emailId: components["schemas"]["EmailId"];
            accountId: string | null;
            provider: string;
            recipient: string;
            subject: string | null;
            reference: string | null;
            /** @description null while nothing is known but notes. */
            status: components["schemas"]["Status"] | null;
            label: string | null;
            statusAt: components["schemas"]["Time"] | null;
            /** @description unspecified: the delivery failed for good, and the report states no cause. null: nothing failed, or nobody said why. */
            cause: components["schemas"]["Cause"] | null;
            /** @description Somebody must act: the status asks for it, or the email has waited too long for news. */
            attention: boolean;
            /** @description Under what the sender filed the message. */
            tags: string[];
            sentAt: components["schemas"]["Time"];
        };
        /** @description One email with everything that is known about it. */
        Email: {
            emailId: components["schemas"]["EmailId"];
            accountId: string | null;
            provider: string;
            recipient: string;
            subject: string | null;
            reference: string | null;
            /** @description null while nothing is known but notes. */
            status: components["schemas"]["Status"] | null;
            label: string | null;
            statusAt: components["schemas"]["Time"] | null;
            /** @description unspecified: the delivery failed for good, and the report states no cause. null: nothing failed, or nobody said why. */
            cause: components["schemas"]["Cause"] | null;
            /** @description Somebody must act: the status asks for it, or the email has waited too long for news. */
            attention: boolean;
            /** @description Under what the sender filed the message. */
            tags: string[];
            sentAt: components["schemas"]["Time"];
            messageId: string;
            meaning: string | null;
            /** @description The action that the status asks for; null where there is nothing to do. */
            resolution: string | null;
            /** @description The action that the cause asks for, or else the status. null for a deferred email, since the provider still tries, and where there is nothing to do. */
            whatToDo: string | null;
            sentAgain: string | null;
            updatedAt: components["schemas"]["Time"];
            because: components["schemas"]["Because"] | null;
            timeline: components["schemas"]["TimelineEvent"][];
            caveats: components["schemas"]["CaveatOutput"][];
        };
        /** @description Why this status: the event that decided it, in words, and what that does not prove. */
        Because: {
            eventId: string;
            at: components["schemas"]["Time"];
            /** @description null where the history had no room for the event. */
            providerEvent: string | null;
            evidence: components["schemas"]["Evidence"];
            /** @description unspecified: the delivery failed for good, and the report states no cause. null: nothing failed, or nobody said why. */
            cause: components["schemas"]["Cause"] | null;
            causeLabel: string | null;
            text: string;
            doesNotProve: string;
        };
        /**
         * @description Who did it: a person, a machine (which never decides a status), or nobody can tell.
         * @enum {string}
         */
        Evidence: "human" | "machine" | "unknown";
        /** @description What a provider reported. */
        TimelineEvent: {
            eventId: string;
            at: components["schemas"]["Time"];
            /** @description What the provider said, where that was too far in the future to be believed. */
            providerTime: components["schemas"]["Time"] | null;
            /** @description null: a note, which changes no status. */
            status: components["schemas"]["Status"] | null;
            label: string | null;
            providerEvent: string;
            evidence: components["schemas"]["Evidence"];
            /** @description ambiguous: it names nobody of several recipients; not_addressed: it names an address that the message was not sent to. */
            attribution: ("ambiguous" | "not_addressed") | null;
            reason: {
                code: string | null;
                enhancedCode: string | null;
                text: string | null;
                cause: {
                    id: components["schemas"]["Cause"];
                    label: string;
                    text: string;
                    turn: components["schemas"]["Turn"] | null;
                } | null;
            } | null;
            clickUrl: string | null;
            userAgent: string | null;
        };
        /** @description What was asked for, in its order. */
        Statuses: {
            results: {
                /** @description The id or the reference, without blanks around it. */
                asked: string;
                emails: components["schemas"]["EmailRow"][];
                /** @description There may be more emails of this reference: the list by reference has them all. */
                more: boolean;
            }[];
        };
        /** @description No email remains, and none comes back. */
        Erased: {
            erased: components["schemas"]["ErasedCounts"];
            /** @description When the rest is gone, by itself. */
            forgottenBy: {
                /**
                 * Format: date-time
                 * @description The queues hold nothing any more that came before the erasure. Nothing of it is recorded until then.
                 */
                queues: string;
                /**
                 * Format: date-time
                 * @description No backup of the table reaches back to before the erasure.
                 */
                backups: string;
            };
        };
        /** @description A fact that the status alone hides. */
        CaveatOutput: {
            /** @enum {string} */
            code: "temporary_failure_after_delivery" | "receipt_after_failure" | "no_news_since" | "one_of_several_recipients" | "not_addressed" | "message_not_known" | "account_conflict";
            text: string;
            at: components["schemas"]["Time"] | null;
        };
        /** @description An email that somebody must act on: who, and why. */
        AttentionLine: {
            emailId: components["schemas"]["EmailId"];
            recipient: string;
            subject: string | null;
            reference: string | null;
            provider: string;
            status: string;
            statusAt: components["schemas"]["Time"];
            sentAt: components["schemas"]["Time"];
            /** @description unspecified: the delivery failed for good, and the report states no cause. null: nothing failed, or nobody said why. */
            cause: components["schemas"]["Cause"] | null;
            causeLabel: string | null;
            why: string;
            whatToDo: string | null;
            caveats: components["schemas"]["CaveatOutput"][];
        };
    };
    responses: {
        /** @description `/problems/unauthorized`: Unauthorized */
        unauthorized: {
            headers: {
                /** @description Names this request in our logs. */
                "x-request-id": string;
                /** @description How to prove who calls, where that can be said. */
                "www-authenticate"?: string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `/problems/not-found`: Not found */
        "not-found": {
            headers: {
                /** @description Names this request in our logs. */
                "x-request-id": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `/problems/too-large`: Request body too large */
        "too-large": {
            headers: {
                /** @description Names this request in our logs. */
                "x-request-id": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `/problems/unsupported-encoding`: Content encoding not supported */
        "unsupported-encoding": {
            headers: {
                /** @description Names this request in our logs. */
                "x-request-id": string;
                /** @description What is taken: `identity`. */
                "accept-encoding": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `/problems/try-again`: Not recorded, send it again */
        "try-again": {
            headers: {
                /** @description Names this request in our logs. */
                "x-request-id": string;
                /** @description Seconds. */
                "retry-after": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `/problems/fault`: Internal error */
        fault: {
            headers: {
                /** @description Names this request in our logs. */
                "x-request-id": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `/problems/unavailable`: Not recorded, send it again */
        unavailable: {
            headers: {
                /** @description Names this request in our logs. */
                "x-request-id": string;
                /** @description Seconds. */
                "retry-after": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description What API Gateway answers by itself, such as 413, 500 or 503. */
        "by-gateway": {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["GatewayMessage"];
            };
        };
        /** @description `/problems/invalid-request`: Invalid request */
        "invalid-request": {
            headers: {
                /** @description Names this request in our logs. */
                "x-request-id": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Too many requests: try again later. */
        throttled: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["GatewayMessage"];
            };
        };
        /** @description `/problems/unauthorized`: Unauthorized */
        "unauthorized.by-token": {
            headers: {
                /** @description Names this request in our logs; absent where the gateway refuses. */
                "x-request-id"?: string;
                /** @description How to prove who calls, where that can be said. */
                "www-authenticate"?: string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
                "application/json": components["schemas"]["GatewayMessage"];
            };
        };
        /** @description `/problems/forbidden`: Forbidden */
        forbidden: {
            headers: {
                /** @description Names this request in our logs. */
                "x-request-id": string;
                /** @description The fault of the token, such as the scope that it lacks. */
                "www-authenticate": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `/problems/forbidden`: Forbidden; `/problems/forbidden`: Forbidden */
        "forbidden.forbidden": {
            headers: {
                /** @description Names this request in our logs. */
                "x-request-id": string;
                /** @description The fault of the token, such as the scope that it lacks. */
                "www-authenticate": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `/problems/not-erased`: Not all of it erased, ask again */
        "not-erased": {
            headers: {
                /** @description Names this request in our logs. */
                "x-request-id": string;
                /** @description Seconds. */
                "retry-after": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    takeCallback: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Who calls. */
                provider: "ses" | "sendgrid" | "mailgun" | "postmark" | "mandrill" | "sparkpost" | "resend" | "brevo" | "mailjet" | "mailersend" | "mailtrap" | "postal" | "unisendergo" | "azure" | "smtp2go" | "elasticemail" | "zeptomail" | "loops" | "usesend" | "emailit" | "scaleway" | "ahasend" | "sweego" | "mailomat" | "app";
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "*/*": unknown;
            };
        };
        responses: {
            /** @description Every event is durable; or the answer to a call with which the provider tries the URL. */
            200: {
                headers: {
                    /** @description Names this request in our logs. */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Counts"] | components["schemas"]["Validation"];
                };
            };
            401: components["responses"]["unauthorized"];
            404: components["responses"]["not-found"];
            413: components["responses"]["too-large"];
            415: components["responses"]["unsupported-encoding"];
            429: components["responses"]["try-again"];
            500: components["responses"]["fault"];
            503: components["responses"]["unavailable"];
            default: components["responses"]["by-gateway"];
        };
    };
    listStatuses: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The eleven statuses. */
            200: {
                headers: {
                    /** @description Names this request in our logs. */
                    "x-request-id": string;
                    /** @description For If-None-Match. */
                    etag: string;
                    /** @description How long it may be kept. */
                    "cache-control": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Catalogue"];
                };
            };
            /** @description The caller holds it already. */
            304: {
                headers: {
                    /** @description Names this request in our logs. */
                    "x-request-id": string;
                    /** @description For If-None-Match. */
                    etag: string;
                    /** @description How long it may be kept. */
                    "cache-control": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["invalid-request"];
            429: components["responses"]["throttled"];
            500: components["responses"]["fault"];
            default: components["responses"]["by-gateway"];
        };
    };
    getDocument: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OpenAPI 3.1. */
            200: {
                headers: {
                    /** @description Names this request in our logs. */
                    "x-request-id": string;
                    /** @description For If-None-Match. */
                    etag: string;
                    /** @description How long it may be kept. */
                    "cache-control": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
            /** @description The caller holds it already. */
            304: {
                headers: {
                    /** @description Names this request in our logs. */
                    "x-request-id": string;
                    /** @description For If-None-Match. */
                    etag: string;
                    /** @description How long it may be kept. */
                    "cache-control": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["invalid-request"];
            429: components["responses"]["throttled"];
            500: components["responses"]["fault"];
            default: components["responses"]["by-gateway"];
        };
    };
    listEmails: {
        parameters: {
            query?: {
                status?: "enqueued" | "sent" | "deferred" | "delivered" | "soft_bounced" | "hard_bounced" | "invalid" | "rejected" | "opened" | "link_clicked" | "marked_spam";
                attention?: "true";
                recipient?: string;
                reference?: string;
                from?: string;
                to?: string;
                /** @description At most so many emails. A page may hold fewer, or none, and still go on. */
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description The account, as the sender names it. */
                accountId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page. */
            200: {
                headers: {
                    /** @description Names this request in our logs. */
                    "x-request-id": string;
                    /** @description For If-None-Match. */
                    etag: string;
                    /** @description How long it may be kept. */
                    "cache-control": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EmailList"];
                };
            };
            /** @description The caller holds it already. */
            304: {
                headers: {
                    /** @description Names this request in our logs. */
                    "x-request-id": string;
                    /** @description For If-None-Match. */
                    etag: string;
                    /** @description How long it may be kept. */
                    "cache-control": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["invalid-request"];
            401: components["responses"]["unauthorized.by-token"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["not-found"];
            429: components["responses"]["throttled"];
            500: components["responses"]["fault"];
            default: components["responses"]["by-gateway"];
        };
    };
    getEmail: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The account, as the sender names it. */
                accountId: string;
                /** @description The id of an email, out of a list. */
                emailId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The email. */
            200: {
                headers: {
                    /** @description Names this request in our logs. */
                    "x-request-id": string;
                    /** @description For If-None-Match. */
                    etag: string;
                    /** @description How long it may be kept. */
                    "cache-control": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Email"];
                };
            };
            /** @description The caller holds it already. */
            304: {
                headers: {
                    /** @description Names this request in our logs. */
                    "x-request-id": string;
                    /** @description For If-None-Match. */
                    etag: string;
                    /** @description How long it may be kept. */
                    "cache-control": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["invalid-request"];
            401: components["responses"]["unauthorized.by-token"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["not-found"];
            429: components["responses"]["throttled"];
            500: components["responses"]["fault"];
            default: components["responses"]["by-gateway"];
        };
    };
    getStatuses: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The account, as the sender names it. */
                accountId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StatusesRequest"];
            };
        };
        responses: {
            /** @description What was asked for, in its order. */
            200: {
                headers: {
                    /** @description Names this request in our logs. */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Statuses"];
                };
            };
            400: components["responses"]["invalid-request"];
            401: components["responses"]["unauthorized.by-token"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["not-found"];
            413: components["responses"]["too-large"];
            429: components["responses"]["throttled"];
            500: components["responses"]["fault"];
            default: components["responses"]["by-gateway"];
        };
    };
    exportAttentionList: {
        parameters: {
            query: {
                format: "csv" | "jsonl";
                /** @description At most so many emails. A page may hold fewer, or none, and still go on. */
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description The account, as the sender names it. */
                accountId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the file. */
            200: {
                headers: {
                    /** @description Names this request in our logs. */
                    "x-request-id": string;
                    /** @description For If-None-Match. */
                    etag: string;
                    /** @description How long it may be kept. */
                    "cache-control": string;
                    /** @description The next page, as `<...>; rel="next"`; absent on the last one. */
                    link?: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/csv; charset=utf-8": string;
                    "application/jsonl; charset=utf-8": string;
                };
            };
            /** @description The caller holds it already. */
            304: {
                headers: {
                    /** @description Names this request in our logs. */
                    "x-request-id": string;
                    /** @description For If-None-Match. */
                    etag: string;
                    /** @description How long it may be kept. */
                    "cache-control": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["invalid-request"];
            401: components["responses"]["unauthorized.by-token"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["not-found"];
            429: components["responses"]["throttled"];
            500: components["responses"]["fault"];
            default: components["responses"]["by-gateway"];
        };
    };
    listEmailsOfAll: {
        parameters: {
            query?: {
                status?: "enqueued" | "sent" | "deferred" | "delivered" | "soft_bounced" | "hard_bounced" | "invalid" | "rejected" | "opened" | "link_clicked" | "marked_spam";
                attention?: "true";
                recipient?: string;
                reference?: string;
                from?: string;
                to?: string;
                /** @description At most so many emails. A page may hold fewer, or none, and still go on. */
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page. */
            200: {
                headers: {
                    /** @description Names this request in our logs. */
                    "x-request-id": string;
                    /** @description For If-None-Match. */
                    etag: string;
                    /** @description How long it may be kept. */
                    "cache-control": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EmailList"];
                };
            };
            /** @description The caller holds it already. */
            304: {
                headers: {
                    /** @description Names this request in our logs. */
                    "x-request-id": string;
                    /** @description For If-None-Match. */
                    etag: string;
                    /** @description How long it may be kept. */
                    "cache-control": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["invalid-request"];
            401: components["responses"]["unauthorized.by-token"];
            403: components["responses"]["forbidden"];
            429: components["responses"]["throttled"];
            500: components["responses"]["fault"];
            default: components["responses"]["by-gateway"];
        };
    };
    getEmailOfAny: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id of an email, out of a list. */
                emailId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The email. */
            200: {
                headers: {
                    /** @description Names this request in our logs. */
                    "x-request-id": string;
                    /** @description For If-None-Match. */
                    etag: string;
                    /** @description How long it may be kept. */
                    "cache-control": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Email"];
                };
            };
            /** @description The caller holds it already. */
            304: {
                headers: {
                    /** @description Names this request in our logs. */
                    "x-request-id": string;
                    /** @description For If-None-Match. */
                    etag: string;
                    /** @description How long it may be kept. */
                    "cache-control": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["invalid-request"];
            401: components["responses"]["unauthorized.by-token"];
            403: components["responses"]["forbidden"];
            404: components["responses"]["not-found"];
            429: components["responses"]["throttled"];
            500: components["responses"]["fault"];
            default: components["responses"]["by-gateway"];
        };
    };
    eraseRecipient: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The account, as the sender names it. */
                accountId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ErasureRequest"];
            };
        };
        responses: {
            /** @description No email remains, and none comes back. */
            200: {
                headers: {
                    /** @description Names this request in our logs. */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Erased"];
                };
            };
            400: components["responses"]["invalid-request"];
            401: components["responses"]["unauthorized.by-token"];
            403: components["responses"]["forbidden.forbidden"];
            404: components["responses"]["not-found"];
            429: components["responses"]["throttled"];
            500: components["responses"]["fault"];
            503: components["responses"]["not-erased"];
            default: components["responses"]["by-gateway"];
        };
    };
    eraseRecipientOfAll: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ErasureRequest"];
            };
        };
        responses: {
            /** @description No email remains, and none comes back. */
            200: {
                headers: {
                    /** @description Names this request in our logs. */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Erased"];
                };
            };
            400: components["responses"]["invalid-request"];
            401: components["responses"]["unauthorized.by-token"];
            403: components["responses"]["forbidden"];
            429: components["responses"]["throttled"];
            500: components["responses"]["fault"];
            503: components["responses"]["not-erased"];
            default: components["responses"]["by-gateway"];
        };
    };
}
