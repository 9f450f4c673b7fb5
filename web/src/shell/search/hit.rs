//! A hit as a line: what it is called, what else to tell it by, and where it leads.

use serde::{Deserialize, Serialize};

use super::Group;
use crate::{
    api::search::{Found, SearchHit, SearchKind},
    time,
};

/// A line of the list; also how one that was opened is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hit {
    pub(super) kind: Kind,
    pub(super) title: String,
    pub(super) detail: String,
    /// A path of this dashboard.
    pub(super) address: String,
}

/// What it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    Stream,
    Token,
    Member,
    Audit,
}

impl Kind {
    pub(super) const fn icon(self) -> icondata_core::Icon {
        match self {
            Self::Stream => icondata_lu::LuRadioTower,
            Self::Token => icondata_lu::LuTicket,
            Self::Member => icondata_lu::LuUser,
            Self::Audit => icondata_lu::LuScrollText,
        }
    }

    /// For those who do not see the icon.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Stream => "Stream",
            Self::Token => "Token",
            Self::Member => "Member",
            Self::Audit => "Audit entry",
        }
    }
}

/// What was found, without kinds of which there is nothing.
pub(super) fn groups(found: [(SearchKind, Found); 4]) -> Vec<Group> {
    let group = |(kind, found): (SearchKind, Found)| Group {
        label: match kind {
            SearchKind::Stream => "Streams",
            SearchKind::Token => "Tokens",
            SearchKind::Member => "Members",
            SearchKind::Audit => "Audit log",
        },
        hits: found.nodes.into_iter().filter_map(hit).collect(),
        total: usize::try_from(found.total_count).unwrap_or_default(),
    };
    found
        .map(group)
        .into_iter()
        .filter(|group| !group.hits.is_empty())
        .collect()
}

fn hit(found: SearchHit) -> Option<Hit> {
    let encoded = |text: &str| String::from(js_sys::encode_uri_component(text));
    if let Some(stream) = found.stream {
        let address = format!("/streams/{}", encoded(&stream.name));
        let title = stream.title.filter(|title| !title.is_empty());
        return Some(Hit {
            kind: Kind::Stream,
            detail: title.as_ref().map(|_| stream.name.clone()).unwrap_or_default(),
            title: title.unwrap_or(stream.name),
            address,
        });
    }
    if let Some(token) = found.token {
        let jti = token.jti.into_inner();
        let words: Vec<_> = [token.user, token.tag].into_iter().flatten().collect();
        return Some(Hit {
            kind: Kind::Token,
            address: format!("/tokens?jti={}", encoded(&jti)),
            title: if words.is_empty() {
                jti.clone()
            } else {
                words.join(" · ")
            },
            detail: if words.is_empty() { String::new() } else { jti },
        });
    }
    if let Some(member) = found.member {
        return Some(Hit {
            kind: Kind::Member,
            address: format!("/organisation/members?q={}", encoded(&member.email)),
            title: member.name,
            detail: format!("{} · {}", member.email, member.role.label()),
        });
    }
    found.audit_entry.map(|entry| Hit {
        kind: Kind::Audit,
        address: format!(
            "/audit?action={}&object={}",
            encoded(&entry.action),
            encoded(&entry.object)
        ),
        title: entry.action,
        detail: format!("{} · {}", entry.object, time::exact(&entry.at)),
    })
}
