/** Written by npm run docs. */

export interface paths {
    "/accounts/{accountId}/emails": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List an account's emails
         * @description An account's emails that match all filters, newest first.
         */
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
        /**
         * Read one email of an account
         * @description One email: its status, meaning, cause, what to do, timeline and caveats.
         */
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
        /**
         * Read the statuses of many emails
         * @description The statuses of emails by up to 100 ids or 100 references.
         */
        post: operations["getStatuses"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/accounts/{accountId}/recipients/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask whether to send to addresses
         * @description Whether to send up to 100 addresses another email, by the account's newest 25 emails to each. Nothing is stored.
         */
        post: operations["checkRecipients"];
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
        /**
         * Export an account's emails
         * @description The emails that ask somebody to act, or those of any filter, for spreadsheets and programs. The header `link` leads to the next page; all pages joined are one file.
         */
        get: operations["exportAttentionList"];
        put?: never;
        post?: never;
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
        /**
         * Read the catalogue
         * @description The catalogue of statuses, causes and caveats, cacheable.
         */
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
        /**
         * Read this document
         * @description This document.
         */
        get: operations["getDocument"];
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
        /**
         * List emails of all accounts
         * @description Emails of all accounts, newest first: by recipient, by reference, or those that ask somebody to act.
         */
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
        /**
         * Read one email of any account
         * @description One email of any account, or without an account.
         */
        get: operations["getEmailOfAny"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/recipients/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask whether to send to addresses, by the emails of all accounts
         * @description Whether to send up to 100 addresses another email, by the newest 25 emails of all accounts to each.
         */
        post: operations["checkRecipientsOfAll"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/providers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the news of each provider
         * @description The news of each provider: its last event, refused calls, quarantined pieces, and whether it is silent.
         */
        get: operations["listProviders"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/accounts/{accountId}/emails/{emailId}/handled": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Say that an email was handled
         * @description Says that somebody handled an email: it asks nobody to act any more, until it fails again.
         */
        post: operations["handleEmail"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/emails/{emailId}/handled": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Say that an email of any account was handled
         * @description The same for an email of any account, or without an account.
         */
        post: operations["handleEmailOfAny"];
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
        /**
         * Erase a recipient in an account
         * @description Erases an account's data about a recipient.
         */
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
        /**
         * Erase a recipient in all accounts
         * @description Erases the data of all accounts about a recipient.
         */
        post: operations["eraseRecipientOfAll"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks/{provider}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take a provider's callback
         * @description A provider's callback, or a registration by the sending application (provider `app`).
         */
        post: operations["takeCallback"];
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
        /** @description Either up to 100 email ids or up to 100 references. */
        StatusesRequest: {
            emailIds?: string[];
            references?: string[];
        } & (unknown | unknown);
        /** @description Up to 100 addresses, in any spelling. */
        RecipientsCheck: {
            recipients: string[];
        };
        /** @description That somebody handled an email. */
        HandledRequest: {
            /** @description Your own words, for the history of the email. */
            note?: string;
        };
        /** @description The recipient whose data to erase. */
        ErasureRequest: {
            /** @description The address, in any spelling of the mailbox. */
            recipient: string;
        };
        /** @description A page of a list, newest first. */
        EmailList: {
            emails: components["schemas"]["EmailRow"][];
            /** @description For the next page; absent on the last page. */
            cursor?: string;
            /** @description With `attention=act`: the number of these emails without any other filter, at most 1,000. more: there are more. */
            total?: {
                count: number;
                more: boolean;
            };
            /**
             * @description The reference has more than the 1,000 emails that were searched. Filter by recipient too.
             * @constant
             */
            truncated?: true;
        };
        /** @description An email in a list. */
        EmailRow: {
            emailId: components["schemas"]["EmailId"];
            /** @description null while no event names an account. */
            accountId: string | null;
            provider: string;
            /** @description The domain is in Punycode if its letters could deceive. */
            recipient: string;
            /** @description null if never reported. */
            subject: string | null;
            /** @description The sender's own, e.g. an invoice number. */
            reference: string | null;
            /** @description null while only notes are recorded. */
            status: components["schemas"]["Status"] | null;
            /** @description The status for people. */
            label: string | null;
            /** @description When the deciding event happened. */
            statusAt: components["schemas"]["Time"] | null;
            /** @description unspecified: the delivery failed for good without a stated cause. null: no failure, or no cause reported. */
            cause: components["schemas"]["Cause"] | null;
            /** @description act: the email asks somebody to act. late: it waits too long for news. null: neither. */
            attention: ("act" | "late") | null;
            /** @description The sender's tags or categories. */
            tags: string[];
            /** @description The earliest event in the first recorded request. */
            sentAt: components["schemas"]["Time"];
        };
        /** @description Identifies one message to one recipient. */
        EmailId: string;
        /**
         * @description One of eleven statuses.
         * @enum {string}
         */
        Status: "enqueued" | "sent" | "deferred" | "delivered" | "soft_bounced" | "hard_bounced" | "invalid" | "rejected" | "opened" | "link_clicked" | "marked_spam";
        /** @description ISO-8601 in UTC, with milliseconds. */
        Time: string;
        /**
         * @description Why a delivery failed or was deferred.
         * @enum {string}
         */
        Cause: "unknown_user" | "unknown_domain" | "disabled_account" | "moved" | "not_accepting" | "mailbox_full" | "too_large" | "rate_limited" | "greylisted" | "system" | "network" | "expired" | "loop" | "blocked" | "authentication_failed" | "sender_rejected" | "relay_denied" | "reverse_dns" | "spam_content" | "virus" | "policy" | "protocol" | "suppressed" | "unspecified";
        /** @description RFC 9457 problem details. */
        Problem: {
            /**
             * @description Stable: programs can rely on it.
             * @enum {string}
             */
            type: "/problems/unauthorized" | "/problems/forbidden" | "/problems/not-found" | "/problems/method-not-allowed" | "/problems/too-large" | "/problems/unsupported-encoding" | "/problems/invalid-request" | "/problems/try-again" | "/problems/unavailable" | "/problems/not-erased" | "/problems/fault";
            title: string;
            status: number;
            detail?: string;
            /** @description The invalid parameter or field. */
            field?: string;
            erased?: components["schemas"]["ErasedCounts"];
        };
        /** @description The number of emails that this request erased. */
        ErasedCounts: {
            emails: number;
        };
        /** @description API Gateway's own answer. */
        GatewayMessage: {
            message: string;
        };
        /** @description One email with all that is recorded. */
        Email: {
            emailId: components["schemas"]["EmailId"];
            /** @description null while no event names an account. */
            accountId: string | null;
            provider: string;
            /** @description The domain is in Punycode if its letters could deceive. */
            recipient: string;
            /** @description null if never reported. */
            subject: string | null;
            /** @description The sender's own, e.g. an invoice number. */
            reference: string | null;
            /** @description null while only notes are recorded. */
            status: components["schemas"]["Status"] | null;
            /** @description The status for people. */
            label: string | null;
            /** @description When the deciding event happened. */
            statusAt: components["schemas"]["Time"] | null;
            /** @description unspecified: the delivery failed for good without a stated cause. null: no failure, or no cause reported. */
            cause: components["schemas"]["Cause"] | null;
            /** @description act: the email asks somebody to act. late: it waits too long for news. null: neither. */
            attention: ("act" | "late") | null;
            /** @description The sender's tags or categories. */
            tags: string[];
            /** @description The earliest event in the first recorded request. */
            sentAt: components["schemas"]["Time"];
            /** @description The provider's id of the message. */
            messageId: string;
            meaning: string | null;
            /** @description The action for the status; null if there is none. */
            resolution: string | null;
            /** @description The action for the cause, or else for the status; null if there is none. */
            whatToDo: string | null;
            /** @description For people of the account, who can change no mail server. */
            whatToDoForAccount: string | null;
            /** @description Whether and by whom the email is sent again. */
            sentAgain: string | null;
            /** @description Arrival of the events recorded last. */
            updatedAt: components["schemas"]["Time"];
            because: components["schemas"]["Because"] | null;
            /** @description Who handled it last, and their own words; null once it has failed again. */
            handled: {
                at: components["schemas"]["Time"];
                by: string | null;
                note: string | null;
            } | null;
            /** @description Whether there is something to handle. */
            canBeHandled: boolean;
            /** @description The emails that this one sends again. */
            resendOf: components["schemas"]["EmailId"][];
            /** @description The emails that send this one again. */
            resentAs: components["schemas"]["EmailId"][];
            timeline: components["schemas"]["TimelineEvent"][];
            repeats: components["schemas"]["Repeats"][];
            caveats: components["schemas"]["Caveat"][];
            /** @description The code of each text, for translations, e.g. `status.invalid.meaning`; null where the text is. */
            codes: {
                label: string | null;
                meaning: string | null;
                resolution: string | null;
                whatToDo: string | null;
                whatToDoForAccount: string | null;
                sentAgain: string | null;
                doesNotProve: string | null;
            };
        };
        /** @description Why this status: the event that decided it. */
        Because: {
            eventId: string;
            at: components["schemas"]["Time"];
            /** @description Who reported it: `app` is your application. */
            provider: string;
            /** @description null if the full history lacks the event. */
            providerEvent: string | null;
            evidence: components["schemas"]["Evidence"];
            /** @description unspecified: the delivery failed for good without a stated cause. null: no failure, or no cause reported. */
            cause: components["schemas"]["Cause"] | null;
            causeLabel: string | null;
            /** @description The server's or the provider's raw words and codes. */
            reply: string | null;
            /** @description The same in one sentence, its time to the minute. */
            text: string;
            /** @description The conclusion that this status does not allow. */
            doesNotProve: string;
        };
        /**
         * @description Who caused the event: a person, or a machine, which never decides a status.
         * @enum {string}
         */
        Evidence: "human" | "machine" | "unknown";
        /** @description An event that a provider or your application reported, or a note of Mailtrail itself: `mailtrail.handled` with words in `reason.text`, `mailtrail.successor_delivered`, `app.resend` and `app.resent`. */
        TimelineEvent: {
            /** @description Not always unique: use it together with `at`. */
            eventId: string;
            at: components["schemas"]["Time"];
            /** @description The provider's time, if more than 10 minutes ahead; `at` is the arrival then. */
            providerTime: components["schemas"]["Time"] | null;
            /** @description null: a note, which changes no status. */
            status: components["schemas"]["Status"] | null;
            label: string | null;
            /** @description The provider's name of the event. */
            providerEvent: string;
            evidence: components["schemas"]["Evidence"];
            /** @description ambiguous: names none of several recipients. not_addressed: names an address that the message was not sent to. */
            attribution: ("ambiguous" | "not_addressed") | null;
            reason: {
                /** @description The provider's code or label. */
                code: string | null;
                /** @description RFC 3463, e.g. 5.1.1. */
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
            /** @description The other email: sent again by this one, or sending this one again. */
            relatedEmailId: components["schemas"]["EmailId"] | null;
            /** @description Who handled the email: the subject of their token. */
            by: string | null;
        };
        /**
         * @description Who can fix it; nobody means wait.
         * @enum {string}
         */
        Turn: "recipient" | "sender" | "receiving_server" | "nobody";
        /** @description Opens or clicks of one kind, of which the timeline has the first three and any earlier ones. */
        Repeats: {
            /** @enum {string} */
            status: "opened" | "link_clicked";
            label: string;
            evidence: components["schemas"]["Evidence"];
            attribution: "not_addressed" | null;
            /** @description Opens or clicks of this kind, those in the timeline included. There may have been more. */
            atLeast: number;
            /** @description The newest one that was counted. */
            lastAt: components["schemas"]["Time"];
        };
        /** @description Something worth knowing that the status hides. */
        Caveat: {
            code: components["schemas"]["CaveatCode"];
            text: string;
            at: components["schemas"]["Time"] | null;
        };
        /**
         * @description Identifies a caveat and its text.
         * @enum {string}
         */
        CaveatCode: "temporary_failure_after_delivery" | "receipt_after_failure" | "no_news_since" | "one_of_several_recipients" | "not_addressed" | "message_not_known" | "account_conflict";
        /** @description One result per id or reference, in their order. */
        Statuses: {
            results: {
                /** @description The id or reference, trimmed. */
                asked: string;
                emails: components["schemas"]["EmailRow"][];
                /** @description The reference may have more emails: list them by `reference`. */
                more: boolean;
            }[];
        };
        /** @description One result per address, in their order. */
        RecipientVerdicts: {
            results: components["schemas"]["RecipientVerdict"][];
        };
        /** @description Whether to send an address another email. An unknown or erased address is ok. */
        RecipientVerdict: {
            /** @description The address as it was asked for. */
            asked: string;
            /**
             * @description stop: do not send. caution: sending is a risk. ok: nothing known speaks against it.
             * @enum {string}
             */
            verdict: "ok" | "caution" | "stop";
            why: {
                code: components["schemas"]["SendRule"];
                text: string;
                /** @description The newest email that is a reason; null for `truncated`. */
                emailId: components["schemas"]["EmailId"] | null;
                /** @description When that happened; null for `truncated`. */
                at: components["schemas"]["Time"] | null;
            }[];
            /** @description The newest delivery, also one that only an open or a click shows; null if none is known. */
            lastDelivered: components["schemas"]["Time"] | null;
            /** @description The emails that ended in a soft bounce since the last delivered one was sent, but for causes on your side. */
            softBouncesInARow: number;
            /** @description The newest spam mark, handled or not. */
            complainedAt: components["schemas"]["Time"] | null;
            /** @description When this was decided. */
            asOf: components["schemas"]["Time"];
            /** @description There may be more emails than were looked at: the verdict is never ok. */
            truncated: boolean;
            caveats: {
                code: components["schemas"]["SendCaveatCode"];
                text: string;
            }[];
        };
        /**
         * @description Identifies a reason not to send, and its text.
         * @enum {string}
         */
        SendRule: "invalid" | "hard_bounced" | "marked_spam" | "soft_bounces" | "truncated";
        /**
         * @description Identifies a caveat about an address, and its text.
         * @enum {string}
         */
        SendCaveatCode: "gmail_reports_no_complaints" | "suppressed_by_provider";
        /** @description An email in the exported list. */
        AttentionLine: {
            emailId: components["schemas"]["EmailId"];
            recipient: string;
            subject: string | null;
            reference: string | null;
            provider: string;
            /** @description null while only notes are recorded. */
            status: components["schemas"]["Status"] | null;
            /** @description The status for people. */
            label: string | null;
            statusAt: components["schemas"]["Time"] | null;
            sentAt: components["schemas"]["Time"];
            /** @description unspecified: the delivery failed for good without a stated cause. null: no failure, or no cause reported. */
            cause: components["schemas"]["Cause"] | null;
            causeLabel: string | null;
            /** @description The deciding event in one sentence. */
            why: string | null;
            whatToDo: string | null;
            /** @description For people of the account, who can change no mail server. */
            whatToDoForAccount: string | null;
            caveats: components["schemas"]["Caveat"][];
        };
        /** @description All statuses, causes and caveats: meaning and action. */
        Catalogue: {
            statuses: {
                id: components["schemas"]["Status"];
                label: string;
                meaning: string;
                resolution: string | null;
                /** @description For people of the account, who can change no mail server. */
                resolutionForAccount: string | null;
                sentAgain: string | null;
                /** @description The conclusion that this status does not allow. */
                doesNotProve: string;
                /**
                 * @description when_old: once it has waited too long.
                 * @enum {string}
                 */
                attention: "no" | "when_old" | "yes";
                /**
                 * @description How it looks to people.
                 * @enum {string}
                 */
                tone: "waiting" | "good" | "warning" | "bad";
                /** @description Its place in an email's life. */
                order: number;
                /** @description No later attempt to deliver the email is to be expected. */
                final: boolean;
                /**
                 * @description Whether sending it again makes sense; a waiting email only once it is late.
                 * @enum {string}
                 */
                resend: "no" | "after_fix" | "yes";
                /** @description The code of each text, for translations, e.g. `status.invalid.meaning`; null where the text is. */
                codes: {
                    label: string | null;
                    meaning: string | null;
                    resolution: string | null;
                    resolutionForAccount: string | null;
                    sentAgain: string | null;
                    doesNotProve: string | null;
                };
            }[];
            causes: {
                id: components["schemas"]["Cause"];
                label: string;
                text: string;
                /** @description null: see the status. */
                whatToDo: string | null;
                /** @description For people of the account, who can change no mail server. */
                whatToDoForAccount: string | null;
                turn: components["schemas"]["Turn"] | null;
                /** @description The status of an email that failed for this cause; null if the cause does not decide it. */
                status: components["schemas"]["Status"] | null;
                /** @description The code of each text, for translations, e.g. `status.invalid.meaning`; null where the text is. */
                codes: {
                    label: string | null;
                    text: string | null;
                    whatToDo: string | null;
                    whatToDoForAccount: string | null;
                };
            }[];
            caveats: {
                code: components["schemas"]["CaveatCode"];
                text: string;
            }[];
        };
        /** @description The news of each provider that is in use, or of which something came. */
        Providers: {
            /** @description The counts begin here, a week ago. */
            countedSince: components["schemas"]["Time"];
            providers: components["schemas"]["ProviderNews"][];
        };
        /** @description The news of one provider. */
        ProviderNews: {
            /** @description By the name in its webhook URL. */
            provider: string;
            /** @description The name for people. */
            title: string;
            /** @description Listed by the setting `providers`, and watched for silence. */
            inUse: boolean;
            /** @description Arrival of its newest event; null if it never reported any. */
            lastEventAt: components["schemas"]["Time"] | null;
            /** @description From its newest event until the arrival. */
            lagSeconds: number | null;
            /** @description Calls in its name that were not genuine. */
            refused: number;
            /** @description Pieces that could not be read or recorded. */
            quarantined: number;
            /** @description null: it is not unusually silent. */
            silentSince: components["schemas"]["Time"] | null;
            /** @description null before the first judgement. */
            noNews: {
                /** @description Those first seen since about the last news, more than 30 minutes ago. */
                emails: number;
                /** @description Those of them without any news. */
                waiting: number;
            } | null;
            /** @description When its silence was last judged; this happens every five minutes. */
            judgedAt: components["schemas"]["Time"] | null;
        };
        /** @description The email asks nobody to act. */
        Handled: {
            emailId: string;
            /** @description null, unless it has failed again since. */
            attention: "act" | null;
            /** @description false: there was nothing to handle. */
            recorded: boolean;
        };
        /** @description No email remains, and none returns. */
        Erased: {
            erased: components["schemas"]["ErasedCounts"];
            /** @description When the rest is gone, without another request. */
            forgottenBy: {
                /**
                 * Format: date-time
                 * @description After this time no queue holds events from before the erasure. None of them is recorded.
                 */
                queues: string;
                /**
                 * Format: date-time
                 * @description After this time no backup of the table holds data from before the erasure.
                 */
                backups: string;
            };
        };
        /** @description Outcomes of a request's events. Each event counts in `received` and in exactly one other. */
        Counts: {
            /** @description Events and other pieces in the request. Each of them is in exactly one of the other counts. */
            received: number;
            /** @description Events that are in the table now and were not before. */
            recorded: number;
            /** @description Events that had been recorded before. They change nothing. */
            duplicate: number;
            /** @description Repeated opens and clicks that may be counted already, and repeats of an email that has 100 events. They are not recorded. */
            dropped: number;
            /** @description Events of an email that somebody had erased. They do not bring it back. */
            erased: number;
            /** @description Events older than emails are kept (400 days by default). They are not recorded and alert nobody. */
            expired: number;
            /** @description Events in the retry queue, because the table did not take them in time. They are recorded later. */
            queued: number;
            /** @description Pieces that could not be read or recorded. They wait in the quarantine queue for 14 days, and an alarm tells. */
            quarantined: number;
            /** @description Pieces about no email, such as a changed contact, a domain or a test. They are not kept. */
            unrelated: number;
            /** @description Likely names for an unknown provider in a registration. */
            didYouMean?: string[];
        };
        /** @description The validation code, returned. */
        Validation: {
            validationResponse: string;
        };
    };
    responses: {
        /** @description `/problems/invalid-request`: Invalid request */
        "invalid-request": {
            headers: {
                /** @description Identifies this request in our logs. */
                "x-request-id": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `/problems/unauthorized`: Unauthorized */
        "unauthorized.by-token": {
            headers: {
                /** @description Identifies this request in our logs; absent if the gateway refuses. */
                "x-request-id"?: string;
                /** @description How to authenticate, if there is a standard way. */
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
                /** @description Identifies this request in our logs. */
                "x-request-id": string;
                /** @description The fault of the token, e.g. a missing scope. */
                "www-authenticate": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `/problems/not-found`: Not found */
        "not-found": {
            headers: {
                /** @description Identifies this request in our logs. */
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
        /** @description `/problems/fault`: Internal error */
        fault: {
            headers: {
                /** @description Identifies this request in our logs. */
                "x-request-id": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description API Gateway's own errors, such as 413, 500 or 503. */
        "by-gateway": {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["GatewayMessage"];
            };
        };
        /** @description `/problems/too-large`: Request body too large */
        "too-large": {
            headers: {
                /** @description Identifies this request in our logs. */
                "x-request-id": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `/problems/forbidden`: Forbidden; `/problems/forbidden`: Forbidden */
        "forbidden.forbidden": {
            headers: {
                /** @description Identifies this request in our logs. */
                "x-request-id": string;
                /** @description The fault of the token, e.g. a missing scope. */
                "www-authenticate": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `/problems/not-erased`: Not fully erased, send it again */
        "not-erased": {
            headers: {
                /** @description Identifies this request in our logs. */
                "x-request-id": string;
                /** @description Seconds to wait. */
                "retry-after": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `/problems/unauthorized`: Unauthorized */
        unauthorized: {
            headers: {
                /** @description Identifies this request in our logs. */
                "x-request-id": string;
                /** @description How to authenticate, if there is a standard way. */
                "www-authenticate"?: string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `/problems/unsupported-encoding`: Content encoding not supported */
        "unsupported-encoding": {
            headers: {
                /** @description Identifies this request in our logs. */
                "x-request-id": string;
                /** @description The accepted encoding: `identity`. */
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
                /** @description Identifies this request in our logs. */
                "x-request-id": string;
                /** @description Seconds to wait. */
                "retry-after": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `/problems/unavailable`: Not recorded, send it again */
        unavailable: {
            headers: {
                /** @description Identifies this request in our logs. */
                "x-request-id": string;
                /** @description Seconds to wait. */
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
    listEmails: {
        parameters: {
            query?: {
                /** @description Emails with one of these statuses, separated by commas. */
                status?: ("enqueued" | "sent" | "deferred" | "delivered" | "soft_bounced" | "hard_bounced" | "invalid" | "rejected" | "opened" | "link_clicked" | "marked_spam")[];
                /** @description Emails that failed or are deferred for one of these causes, separated by commas. */
                cause?: ("unknown_user" | "unknown_domain" | "disabled_account" | "moved" | "not_accepting" | "mailbox_full" | "too_large" | "rate_limited" | "greylisted" | "system" | "network" | "expired" | "loop" | "blocked" | "authentication_failed" | "sender_rejected" | "relay_denied" | "reverse_dns" | "spam_content" | "virus" | "policy" | "protocol" | "suppressed" | "unspecified")[];
                /** @description act: emails that ask somebody to act, newest problem first. late: emails of the last 90 days that wait too long for news. */
                attention?: "act" | "late";
                /** @description Emails to this address, in any letter case, its domain in letters or Punycode. */
                recipient?: string;
                /** @description Emails with this reference of the sender, e.g. an invoice number. */
                reference?: string;
                /** @description Emails whose `sentAt` is this time or later, or not before this UTC day. */
                from?: string;
                /** @description Emails whose `sentAt` is before this time, or not after this UTC day. */
                to?: string;
                /** @description The most emails on a page. A page may be short or empty: follow `cursor` until there is none. */
                limit?: number;
                /** @description The `cursor` of the page before, valid only with the same account and filters. */
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description The sender's id of the account. */
                accountId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page. */
            200: {
                headers: {
                    /** @description Identifies this request in our logs. */
                    "x-request-id": string;
                    /** @description For If-None-Match. */
                    etag: string;
                    /** @description How long it may be cached. */
                    "cache-control": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EmailList"];
                };
            };
            /** @description The client already has this answer. */
            304: {
                headers: {
                    /** @description Identifies this request in our logs. */
                    "x-request-id": string;
                    /** @description For If-None-Match. */
                    etag: string;
                    /** @description How long it may be cached. */
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
                /** @description The sender's id of the account. */
                accountId: string;
                /** @description The id of an email, from a list. */
                emailId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The email. */
            200: {
                headers: {
                    /** @description Identifies this request in our logs. */
                    "x-request-id": string;
                    /** @description For If-None-Match. */
                    etag: string;
                    /** @description How long it may be cached. */
                    "cache-control": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Email"];
                };
            };
            /** @description The client already has this answer. */
            304: {
                headers: {
                    /** @description Identifies this request in our logs. */
                    "x-request-id": string;
                    /** @description For If-None-Match. */
                    etag: string;
                    /** @description How long it may be cached. */
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
                /** @description The sender's id of the account. */
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
            /** @description One result per id or reference, in their order. */
            200: {
                headers: {
                    /** @description Identifies this request in our logs. */
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
    checkRecipients: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The sender's id of the account. */
                accountId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RecipientsCheck"];
            };
        };
        responses: {
            /** @description One result per address, in their order. */
            200: {
                headers: {
                    /** @description Identifies this request in our logs. */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecipientVerdicts"];
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
                /** @description csv for spreadsheets, jsonl (JSON Lines) for programs. */
                format: "csv" | "jsonl";
                /** @description Emails with one of these statuses, separated by commas. */
                status?: ("enqueued" | "sent" | "deferred" | "delivered" | "soft_bounced" | "hard_bounced" | "invalid" | "rejected" | "opened" | "link_clicked" | "marked_spam")[];
                /** @description Emails that failed or are deferred for one of these causes, separated by commas. */
                cause?: ("unknown_user" | "unknown_domain" | "disabled_account" | "moved" | "not_accepting" | "mailbox_full" | "too_large" | "rate_limited" | "greylisted" | "system" | "network" | "expired" | "loop" | "blocked" | "authentication_failed" | "sender_rejected" | "relay_denied" | "reverse_dns" | "spam_content" | "virus" | "policy" | "protocol" | "suppressed" | "unspecified")[];
                /** @description act: emails that ask somebody to act, newest problem first. late: emails of the last 90 days that wait too long for news. */
                attention?: "act" | "late";
                /** @description Emails to this address, in any letter case, its domain in letters or Punycode. */
                recipient?: string;
                /** @description Emails with this reference of the sender, e.g. an invoice number. */
                reference?: string;
                /** @description Emails whose `sentAt` is this time or later, or not before this UTC day. */
                from?: string;
                /** @description Emails whose `sentAt` is before this time, or not after this UTC day. */
                to?: string;
                /** @description The most emails on a page. A page may be short or empty: follow `cursor` until there is none. */
                limit?: number;
                /** @description The `cursor` of the page before, valid only with the same account and filters. */
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description The sender's id of the account. */
                accountId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the file. */
            200: {
                headers: {
                    /** @description Identifies this request in our logs. */
                    "x-request-id": string;
                    /** @description For If-None-Match. */
                    etag: string;
                    /** @description How long it may be cached. */
                    "cache-control": string;
                    /** @description The next page, as `<...>; rel="next"`; absent on the last page. */
                    link?: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/csv; charset=utf-8": string;
                    "application/jsonl; charset=utf-8": string;
                };
            };
            /** @description The client already has this answer. */
            304: {
                headers: {
                    /** @description Identifies this request in our logs. */
                    "x-request-id": string;
                    /** @description For If-None-Match. */
                    etag: string;
                    /** @description How long it may be cached. */
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
    listStatuses: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The statuses, causes and caveats. */
            200: {
                headers: {
                    /** @description Identifies this request in our logs. */
                    "x-request-id": string;
                    /** @description For If-None-Match. */
                    etag: string;
                    /** @description How long it may be cached. */
                    "cache-control": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Catalogue"];
                };
            };
            /** @description The client already has this answer. */
            304: {
                headers: {
                    /** @description Identifies this request in our logs. */
                    "x-request-id": string;
                    /** @description For If-None-Match. */
                    etag: string;
                    /** @description How long it may be cached. */
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
                    /** @description Identifies this request in our logs. */
                    "x-request-id": string;
                    /** @description For If-None-Match. */
                    etag: string;
                    /** @description How long it may be cached. */
                    "cache-control": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
            /** @description The client already has this answer. */
            304: {
                headers: {
                    /** @description Identifies this request in our logs. */
                    "x-request-id": string;
                    /** @description For If-None-Match. */
                    etag: string;
                    /** @description How long it may be cached. */
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
    listEmailsOfAll: {
        parameters: {
            query?: {
                /** @description Emails with one of these statuses, separated by commas. */
                status?: ("enqueued" | "sent" | "deferred" | "delivered" | "soft_bounced" | "hard_bounced" | "invalid" | "rejected" | "opened" | "link_clicked" | "marked_spam")[];
                /** @description Emails that failed or are deferred for one of these causes, separated by commas. */
                cause?: ("unknown_user" | "unknown_domain" | "disabled_account" | "moved" | "not_accepting" | "mailbox_full" | "too_large" | "rate_limited" | "greylisted" | "system" | "network" | "expired" | "loop" | "blocked" | "authentication_failed" | "sender_rejected" | "relay_denied" | "reverse_dns" | "spam_content" | "virus" | "policy" | "protocol" | "suppressed" | "unspecified")[];
                /** @description act: emails that ask somebody to act, newest problem first. late: emails of the last 90 days that wait too long for news. */
                attention?: "act" | "late";
                /** @description Emails to this address, in any letter case, its domain in letters or Punycode. */
                recipient?: string;
                /** @description Emails with this reference of the sender, e.g. an invoice number. */
                reference?: string;
                /** @description Emails whose `sentAt` is this time or later, or not before this UTC day. */
                from?: string;
                /** @description Emails whose `sentAt` is before this time, or not after this UTC day. */
                to?: string;
                /** @description The most emails on a page. A page may be short or empty: follow `cursor` until there is none. */
                limit?: number;
                /** @description The `cursor` of the page before, valid only with the same account and filters. */
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
                    /** @description Identifies this request in our logs. */
                    "x-request-id": string;
                    /** @description For If-None-Match. */
                    etag: string;
                    /** @description How long it may be cached. */
                    "cache-control": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EmailList"];
                };
            };
            /** @description The client already has this answer. */
            304: {
                headers: {
                    /** @description Identifies this request in our logs. */
                    "x-request-id": string;
                    /** @description For If-None-Match. */
                    etag: string;
                    /** @description How long it may be cached. */
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
                /** @description The id of an email, from a list. */
                emailId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The email. */
            200: {
                headers: {
                    /** @description Identifies this request in our logs. */
                    "x-request-id": string;
                    /** @description For If-None-Match. */
                    etag: string;
                    /** @description How long it may be cached. */
                    "cache-control": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Email"];
                };
            };
            /** @description The client already has this answer. */
            304: {
                headers: {
                    /** @description Identifies this request in our logs. */
                    "x-request-id": string;
                    /** @description For If-None-Match. */
                    etag: string;
                    /** @description How long it may be cached. */
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
    checkRecipientsOfAll: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RecipientsCheck"];
            };
        };
        responses: {
            /** @description One result per address, in their order. */
            200: {
                headers: {
                    /** @description Identifies this request in our logs. */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecipientVerdicts"];
                };
            };
            400: components["responses"]["invalid-request"];
            401: components["responses"]["unauthorized.by-token"];
            403: components["responses"]["forbidden"];
            413: components["responses"]["too-large"];
            429: components["responses"]["throttled"];
            500: components["responses"]["fault"];
            default: components["responses"]["by-gateway"];
        };
    };
    listProviders: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The providers in use, then those of which something came. */
            200: {
                headers: {
                    /** @description Identifies this request in our logs. */
                    "x-request-id": string;
                    /** @description For If-None-Match. */
                    etag: string;
                    /** @description How long it may be cached. */
                    "cache-control": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Providers"];
                };
            };
            /** @description The client already has this answer. */
            304: {
                headers: {
                    /** @description Identifies this request in our logs. */
                    "x-request-id": string;
                    /** @description For If-None-Match. */
                    etag: string;
                    /** @description How long it may be cached. */
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
    handleEmail: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The sender's id of the account. */
                accountId: string;
                /** @description The id of an email, from a list. */
                emailId: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["HandledRequest"];
            };
        };
        responses: {
            /** @description Nobody needs to act, unless it has failed again. */
            200: {
                headers: {
                    /** @description Identifies this request in our logs. */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Handled"];
                };
            };
            400: components["responses"]["invalid-request"];
            401: components["responses"]["unauthorized.by-token"];
            403: components["responses"]["forbidden.forbidden"];
            404: components["responses"]["not-found"];
            429: components["responses"]["throttled"];
            500: components["responses"]["fault"];
            default: components["responses"]["by-gateway"];
        };
    };
    handleEmailOfAny: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id of an email, from a list. */
                emailId: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["HandledRequest"];
            };
        };
        responses: {
            /** @description Nobody needs to act, unless it has failed again. */
            200: {
                headers: {
                    /** @description Identifies this request in our logs. */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Handled"];
                };
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
                /** @description The sender's id of the account. */
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
            /** @description No email remains, and none returns. */
            200: {
                headers: {
                    /** @description Identifies this request in our logs. */
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
            /** @description No email remains, and none returns. */
            200: {
                headers: {
                    /** @description Identifies this request in our logs. */
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
    takeCallback: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The provider that calls. */
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
            /** @description Every event is stored; or the answer to a test call of the provider. */
            200: {
                headers: {
                    /** @description Identifies this request in our logs. */
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
}
