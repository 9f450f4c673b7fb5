//! A hit as a line: what it is called, what else to tell it by, how it stands, and where it leads.

use serde::{Deserialize, Serialize};

use super::{mark, seek::Group};
use crate::api::{
    scalar::{DateTime, Role, StreamState, TokenStatus},
    search::{Found, FoundEntry, FoundMember, FoundRule, FoundStream, FoundToken, Results, SearchHit, SearchKind},
};

/// A line of the list; also how one that was opened is remembered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Hit {
    pub(super) kind: SearchKind,
    pub(super) title: String,
    /// What else it is told by; where the title has not what was looked for, this has.
    pub(super) detail: String,
    /// A path of this dashboard.
    pub(super) address: String,
    /// How it stood when it was found; it is not remembered, since it may stand otherwise by then.
    #[serde(skip)]
    pub(super) standing: Option<Standing>,
}

/// What is shown at the end of the line.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Standing {
    Stream(StreamState),
    Token(TokenStatus),
    Member(Role),
    Since(DateTime),
}

impl SearchKind {
    pub(super) const fn icon(self) -> icondata_core::Icon {
        match self {
            Self::Stream => icondata_lu::LuRadioTower,
            Self::Token => icondata_lu::LuTicket,
            Self::Rule => icondata_lu::LuShield,
            Self::Member => icondata_lu::LuUser,
            Self::Audit => icondata_lu::LuScrollText,
        }
    }

    /// What several of them are called.
    const fn label(self) -> &'static str {
        match self {
            Self::Stream => "Streams",
            Self::Token => "Tokens",
            Self::Rule => "Rules",
            Self::Member => "Members",
            Self::Audit => "Audit log",
        }
    }
}

/// What was found for a text, without kinds of which there is nothing.
pub(super) fn groups(found: Results, text: &str) -> Vec<Group> {
    let group = |(kind, found): (SearchKind, Found)| Group {
        label: kind.label(),
        hits: found.nodes.into_iter().filter_map(|one| hit(one, text)).collect(),
        total: Some(found.total_count),
    };
    let groups = found.map(group).into_iter();
    groups.filter(|group| !group.hits.is_empty()).collect()
}

fn hit(found: SearchHit, text: &str) -> Option<Hit> {
    let stream = found.stream.map(|one| stream(one, text));
    let token = || found.token.map(token);
    let rule = || found.rule.map(rule);
    let member = || found.member.map(member);
    let entry = || found.audit_entry.map(|one| entry(one, text));
    stream.or_else(token).or_else(rule).or_else(member).or_else(entry)
}

fn stream(found: FoundStream, text: &str) -> Hit {
    let title = found.title.filter(|title| !title.is_empty());
    let tags = found.tags.into_iter().filter(|tag| mark::has(&tag.name, text));
    let tags = tags.map(|tag| format!("tagged {}", tag.name));
    Hit {
        kind: SearchKind::Stream,
        address: format!("/streams/{}", encoded(&found.name)),
        detail: joined(title.as_ref().map(|_| found.name.clone()).into_iter().chain(tags)),
        title: title.unwrap_or(found.name),
        standing: Some(Standing::Stream(found.state)),
    }
}

fn token(found: FoundToken) -> Hit {
    let jti = found.jti.into_inner();
    let address = format!("/tokens?jti={}", encoded(&jti));
    let mut names = [found.user, found.tag, Some(jti)].into_iter().flatten();
    Hit {
        kind: SearchKind::Token,
        title: names.next().unwrap_or_default(),
        detail: joined(names),
        address,
        standing: Some(Standing::Token(found.status)),
    }
}

fn rule(found: FoundRule) -> Hit {
    let kind = found.kind.label().to_owned();
    let note = found.note.filter(|note| !note.is_empty());
    Hit {
        kind: SearchKind::Rule,
        address: format!("/guardian?q={}", encoded(&found.value)),
        title: found.value,
        detail: joined([kind].into_iter().chain(note)),
        standing: None,
    }
}

fn member(found: FoundMember) -> Hit {
    let address = format!("/organisation/members?q={}", encoded(&found.email));
    let mut names = [found.name, found.email].into_iter().filter(|name| !name.is_empty());
    Hit {
        kind: SearchKind::Member,
        title: names.next().unwrap_or_default(),
        detail: joined(names),
        address,
        standing: Some(Standing::Member(found.role)),
    }
}

fn entry(found: FoundEntry, text: &str) -> Hit {
    let (action, at) = (encoded(&found.action), encoded(&found.at.0));
    let hidden = [found.email, found.address, found.request_id].into_iter().flatten();
    let fitting = hidden.filter(|one| *one != found.object && mark::has(one, text));
    Hit {
        kind: SearchKind::Audit,
        address: format!("/organisation/audit?action={action}&at={at}"),
        detail: joined([found.object.clone()].into_iter().chain(fitting)),
        title: found.action,
        standing: Some(Standing::Since(found.at)),
    }
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(" · ")
}

fn encoded(text: &str) -> String {
    js_sys::encode_uri_component(text).into()
}
