//! One type per kind of object; the prefix is part of the id wherever it leaves the process.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::{Builder, Uuid};

use crate::base32;

/// A text that is not an id of the kind asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id of the form `{prefix}_…`")]
pub struct IdError {
    prefix: &'static str,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// What every id of this kind begins with, before the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// A new id: UUIDv7 of `unix_ms` (milliseconds since 1970) and 80 random bits.
            pub fn mint(unix_ms: u64, random: [u8; 10]) -> Self {
                Self(Builder::from_unix_timestamp_millis(unix_ms, &random).into_uuid())
            }

            /// The UUID inside, for the database.
            pub const fn uuid(self) -> Uuid {
                self.0
            }

            /// The id that a database column holds.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}_{}", $prefix, base32::encode(self.0.as_u128()))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(base32::decode)
                    .map(|value| Self(Uuid::from_u128(value)))
                    .ok_or(IdError { prefix: $prefix })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    };
}

id!(
    /// A notification of an alert, to one receiver.
    AlertDeliveryId,
    "ald"
);
id!(
    /// Something that an alert rule watches for, from its beginning to its end.
    AlertId,
    "alr"
);
id!(
    /// Where alerts go.
    AlertReceiverId,
    "arc"
);
id!(
    /// A misuse case.
    CaseId,
    "cas"
);
id!(
    /// Something that was put into a misuse case.
    CaseItemId,
    "cit"
);
id!(
    /// A note in a misuse case.
    CaseNoteId,
    "cno"
);
id!(
    /// What an organisation wants to be told of.
    AlertRuleId,
    "arl"
);
id!(
    /// A token with which software acts for an organisation.
    ApiTokenId,
    "api"
);
id!(
    /// An entry of the audit log.
    AuditId,
    "aud"
);
id!(
    /// A change to policy on its way to the nodes.
    ChangeId,
    "chg"
);
id!(
    /// A decision whose trace an operator can look up.
    DecisionId,
    "dec"
);
id!(
    /// An indicator of misuse that holds of somebody.
    FindingId,
    "fnd"
);
id!(
    /// A stream group: renditions of one programme.
    GroupId,
    "grp"
);
id!(
    /// An invitation into an organisation.
    InvitationId,
    "inv"
);
id!(
    /// A signing key; what our tokens carry as `kid`.
    KeyId,
    "key"
);
id!(
    /// A mail on its way.
    MailId,
    "mai"
);
id!(
    /// A user's membership in one organisation.
    MemberId,
    "mem"
);
id!(
    /// A process that serves media.
    NodeId,
    "nod"
);
id!(
    /// A wish for a package.
    PackageRequestId,
    "pkr"
);
id!(
    /// A passkey of a person.
    PasskeyId,
    "psk"
);
id!(
    /// A way to a new password, sent by mail.
    PasswordResetId,
    "pwr"
);
id!(
    /// A customer's identity provider.
    ProviderId,
    "idp"
);
id!(
    /// A code that stands in for a lost second factor, once.
    RecoveryCodeId,
    "rec"
);
id!(
    /// A tenant.
    OrganisationId,
    "org"
);
id!(
    /// A request to the API, as answers and the audit log name it.
    RequestId,
    "req"
);
id!(
    /// A Guardian rule.
    RuleId,
    "rul"
);
id!(
    /// One viewer's or broadcaster's stay.
    SessionId,
    "ses"
);
id!(
    /// A person's signed-in browser.
    SignInId,
    "sin"
);
id!(
    /// What is done about somebody in whom misuse was found.
    ResponseId,
    "rsp"
);
id!(
    /// A static token: a text in a list.
    StaticTokenId,
    "sta"
);
id!(
    /// A stream.
    StreamId,
    "str"
);
id!(
    /// The record of a token that we issued; its text form is the token's `jti`.
    TokenId,
    "tok"
);
id!(
    /// A person.
    UserId,
    "usr"
);
id!(
    /// One use of a token that may be used so often only.
    UseId,
    "use"
);
id!(
    /// A call to a customer's address, as its receiver knows it too.
    WebhookDeliveryId,
    "whd"
);
id!(
    /// An address of a customer's that is called.
    WebhookId,
    "whk"
);

#[cfg(test)]
mod tests {
    use super::{OrganisationId, StreamId};

    #[test]
    fn an_id_prints_its_kind_and_reads_back() {
        let id = StreamId::mint(1_763_800_000_000, [7; 10]);
        assert!(id.to_string().starts_with("str_"));
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn an_id_of_another_kind_is_refused() {
        let id = StreamId::mint(1_763_800_000_000, [7; 10]);
        assert!(id.to_string().parse::<OrganisationId>().is_err());
    }

    #[test]
    fn ids_sort_by_the_time_they_were_minted() {
        assert!(StreamId::mint(1, [255; 10]) < StreamId::mint(2, [0; 10]));
    }
}
