//! What players call themselves, and patterns of it. Compared byte for byte: a literal is meant literally.

use std::{fmt, str::FromStr, sync::Arc};

use memchr::memmem::Finder;
use sha2::{Digest, Sha256};

use crate::{
    text::as_text,
    token::{hex, unhex},
};

/// A literal, or a text in which each `*` stands for anything.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgentPattern(Arc<str>);

/// What of a pattern stands between its wildcards.
#[derive(Clone, Debug)]
pub struct Searcher {
    first: Box<str>,
    middle: Box<[Finder<'static>]>,
    /// Where there is a wildcard at all.
    last: Option<Box<str>>,
}

/// A text that is no pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AgentError {
    /// Nothing there.
    #[error("a user agent's pattern is not empty: `none` stands for a missing header, `*` for all")]
    Empty,
    /// Over 512 bytes.
    #[error("a user agent's pattern is 512 bytes at most")]
    TooLong,
    /// Only visible characters and spaces are ever sent.
    #[error("a user agent's pattern has no control characters")]
    Control,
}

/// A token's claim `ua`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentClaim {
    /// The whole user agent.
    Literal(Arc<str>),
    /// Its SHA-256.
    Digest([u8; 32]),
}

impl fmt::Display for AgentClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(agent) => f.write_str(agent),
            Self::Digest(_) => f.write_str("the one of a digest"),
        }
    }
}

impl AgentPattern {
    /// What looks for it in many texts.
    pub fn searcher(&self) -> Searcher {
        let mut parts = self.0.split('*');
        let first = parts.next().unwrap_or_default().into();
        let last = parts.next_back().map(Into::into);
        Searcher {
            first,
            last,
            middle: parts.map(|part| Finder::new(part).into_owned()).collect(),
        }
    }

    /// The bytes that are not wildcards: the more, the more specific.
    pub fn literal_length(&self) -> usize {
        self.0.bytes().filter(|byte| *byte != b'*').count()
    }

    /// How specific it is: by its literal part.
    pub(crate) fn specificity(&self) -> u32 {
        u32::try_from(self.literal_length()).unwrap_or(u32::MAX)
    }

    /// The text, where it has no wildcard.
    pub(crate) fn literal(&self) -> Option<&Arc<str>> {
        (!self.0.contains('*')).then_some(&self.0)
    }
}

impl Searcher {
    /// Whether `agent` is meant; takes time in proportion to both.
    pub fn fits(&self, agent: &str) -> bool {
        // An empty text lies nowhere, and comparing what lies nowhere is slow on processors that look there all the same.
        let rest = match &*self.first {
            "" => Some(agent),
            first => agent.strip_prefix(first),
        };
        let Some(rest) = rest else {
            return false;
        };
        let middle = match self.last.as_deref() {
            None => return rest.is_empty(),
            Some("") => Some(rest),
            Some(last) => rest.strip_suffix(last),
        };
        middle.is_some_and(|middle| {
            self.middle
                .iter()
                .try_fold(middle.as_bytes(), |rest, part| {
                    let at = part.find(rest)?;
                    rest.get(at.checked_add(part.needle().len())?..)
                })
                .is_some()
        })
    }
}

impl FromStr for AgentPattern {
    type Err = AgentError;

    fn from_str(text: &str) -> Result<Self, AgentError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(AgentError::Empty);
        }
        if text.len() > MAX_LENGTH {
            return Err(AgentError::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(AgentError::Control);
        }
        // Wildcards side by side say no more than one.
        let mut short = String::with_capacity(text.len());
        for letter in text.chars() {
            if letter != '*' || !short.ends_with('*') {
                short.push(letter);
            }
        }
        Ok(Self(short.into()))
    }
}

impl fmt::Display for AgentPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

as_text!(AgentPattern);

impl AgentClaim {
    /// `sha256:` and lower-case hex, or the user agent itself.
    pub fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix("sha256:") {
            Some(digits) => unhex(digits).map(Self::Digest),
            None => (!text.is_empty()).then(|| Self::Literal(text.into())),
        }
    }

    /// Whether `agent` is the one.
    pub fn fits(&self, agent: &str) -> bool {
        match self {
            Self::Literal(literal) => **literal == *agent,
            Self::Digest(digest) => *digest == <[u8; 32]>::from(Sha256::digest(agent.as_bytes())),
        }
    }

    /// As it stands in a token.
    pub fn to_text(&self) -> String {
        match self {
            Self::Literal(literal) => literal.to_string(),
            Self::Digest(digest) => format!("sha256:{}", hex(digest)),
        }
    }
}

const MAX_LENGTH: usize = 512;

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::{AgentClaim, AgentError, AgentPattern};
    use crate::token::hex;

    fn matches(pattern: &str, agent: &str) -> bool {
        pattern.parse::<AgentPattern>().unwrap().searcher().fits(agent)
    }

    #[test]
    fn a_pattern_matches_the_whole_agent() {
        for (pattern, agent) in [
            ("VLC/3.0.18", "VLC/3.0.18"),
            ("VLC/*", "VLC/3.0.18 LibVLC/3.0.18"),
            ("*LibVLC*", "VLC/3.0.18 LibVLC/3.0.18"),
            ("*3.0.18", "VLC/3.0.18 LibVLC/3.0.18"),
            ("V*C/*18", "VLC/3.0.18"),
            ("a*b*c", "abc"),
            ("a*a", "aa"),
            ("a***a", "a middle a"),
            ("*", ""),
            ("*.*", "a.b"),
        ] {
            assert!(matches(pattern, agent), "{pattern} {agent}");
        }
        for (pattern, agent) in [
            ("VLC", "VLC/3.0.18"),
            ("vlc*", "VLC/3.0.18"),
            ("VLC/*", "xVLC/3"),
            ("a*a", "a"),
            ("a*b*c", "acb"),
            ("*ab*ab*", "abxa"),
            ("a.c", "abc"),
            ("a?c", "abc"),
            ("[a]", "a"),
        ] {
            assert!(!matches(pattern, agent), "{pattern} {agent}");
        }
    }

    #[test]
    fn a_pattern_that_would_send_others_back_and_forth_takes_no_longer() {
        let pattern = "*a".repeat(200) + "b";
        assert!(!matches(&pattern, &"a".repeat(8192)));
        assert!(matches(&pattern, &("a".repeat(8192) + "b")));
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        let parse = |text: &str| text.parse::<AgentPattern>().unwrap_err();
        assert_eq!(parse("  "), AgentError::Empty);
        assert_eq!(parse(&"a".repeat(513)), AgentError::TooLong);
        assert_eq!(parse("a\nb"), AgentError::Control);
    }

    #[test]
    fn a_claim_is_the_agent_or_its_digest() {
        let digest = format!("sha256:{}", hex(&Sha256::digest("VLC")));
        assert!(AgentClaim::parse(&digest).unwrap().fits("VLC"));
        assert!(!AgentClaim::parse(&digest).unwrap().fits("vlc"));
        assert!(AgentClaim::parse("VLC").unwrap().fits("VLC"));
        assert!(!AgentClaim::parse("VLC").unwrap().fits("VLC/3"));
        for wrong in [
            "",
            "sha256:",
            "sha256:AA",
            &digest.to_uppercase().replace("SHA256", "sha256"),
        ] {
            assert_eq!(AgentClaim::parse(wrong), None, "{wrong}");
        }
        assert_eq!(AgentClaim::parse(&digest).unwrap().to_text(), digest);
    }
}
