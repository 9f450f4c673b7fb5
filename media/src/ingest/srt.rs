//! What an SRT caller says in its stream id, to publish or to play: `push:NAME?key=…`, or as SRT's access control has it,
//! `#!::r=NAME,m=publish,token=…`. Either may come percent-encoded as a whole, as it does out of an address.
//!
//! Source: SRT Access Control (Stream ID) Guidelines, of the SRT library.

use guard::{Credential, Door};

use super::parameters::{Parameters, decoded};

/// Which stream somebody wants, and what they show for it.
#[derive(Clone, Debug)]
pub struct StreamId {
    /// To publish or to play.
    pub door: Door,
    /// The text that should be a stream's name.
    pub name: String,
    /// The one key or token.
    pub credential: Credential,
    /// What else was said, without key and token.
    pub parameters: Vec<(String, String)>,
}

/// A stream id that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StreamIdError {
    /// What is longer was cut on its way, a token in it too.
    #[error("a stream id is 512 bytes at most: make a handle of the token")]
    TooLong,
    /// Neither of the two forms.
    #[error("a stream id begins with `push:` or `#!::`, and behind the latter has `key=value`, divided by commas")]
    Form,
    /// Nothing is asked for.
    #[error("a stream id names its stream: `push:NAME` or `#!::r=NAME`")]
    NoName,
    /// A mode that no door has.
    #[error("the mode `m` is `publish` or `request`")]
    Mode,
}

impl StreamId {
    /// Reads what a caller said.
    ///
    /// # Errors
    /// When it is too long, of no known form, or leaves out what is wanted.
    pub fn parse(said: &str) -> Result<Self, StreamIdError> {
        if said.len() > MAX_LENGTH {
            return Err(StreamIdError::TooLong);
        }
        let whole = if [SHORT, LONG].iter().any(|form| said.starts_with(form)) {
            said.to_owned()
        } else {
            decoded(said)
        };
        let mut parameters = Parameters::default();
        let (door, name) = if let Some(rest) = whole.strip_prefix(SHORT) {
            (Door::Ingest, parameters.divide(rest).to_owned())
        } else {
            let rest = whole.strip_prefix(LONG).ok_or(StreamIdError::Form)?;
            named(rest, &mut parameters)?
        };
        if name.is_empty() {
            return Err(StreamIdError::NoName);
        }
        Ok(Self {
            door,
            name,
            credential: parameters.credential(),
            parameters: parameters.others(),
        })
    }
}

/// The door and the name among keys with values; all else is a parameter.
fn named(pairs: &str, parameters: &mut Parameters) -> Result<(Door, String), StreamIdError> {
    let (mut mode, mut resource) = (None, None);
    for pair in pairs.split(',').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').ok_or(StreamIdError::Form)?;
        let place = match key {
            "m" => &mut mode,
            "r" => &mut resource,
            _ => {
                parameters.add(key, value);
                continue;
            }
        };
        let value = decoded(value);
        // Of two that differ neither is meant.
        if place.get_or_insert_with(|| value.clone()) != &value {
            return Err(StreamIdError::Form);
        }
    }
    let door = match mode.as_deref() {
        Some("publish") => Door::Ingest,
        // Without a word callers want to receive.
        Some("request") | None => Door::Playback,
        Some(_) => return Err(StreamIdError::Mode),
    };
    Ok((door, resource.unwrap_or_default()))
}

const SHORT: &str = "push:";
const LONG: &str = "#!::";
/// What SRT carries.
const MAX_LENGTH: usize = 512;

#[cfg(test)]
mod tests {
    use guard::IngestKeyDigest;
    use proptest::prelude::*;

    use super::*;

    fn is_key(credential: &Credential, key: &str) -> bool {
        matches!(credential, Credential::Key(digest) if *digest == IngestKeyDigest::of(key))
    }

    #[test]
    fn both_forms_name_stream_door_and_key_and_may_be_encoded() {
        for said in [
            "push:7KQ2M-LIVE?key=s3cret&x=1",
            "push:7KQ2M-LIVE?x=1&key=s3cr%65t",
            "push%3A7KQ2M-LIVE%3Fkey%3Ds3cret%26x%3D1",
            "#!::r=7KQ2M-LIVE,m=publish,key=s3cret,x=1",
            "#!::m=publish,x=1,key=s3cret,r=7KQ2M%2DLIVE",
            "%23!%3A%3Ar%3D7KQ2M-LIVE%2Cm%3Dpublish%2Ckey%3Ds3cret%2Cx%3D1",
        ] {
            let read = StreamId::parse(said).unwrap();
            assert_eq!((read.door, read.name.as_str()), (Door::Ingest, "7KQ2M-LIVE"), "{said}");
            assert!(is_key(&read.credential, "s3cret"), "{said}");
            assert_eq!(read.parameters, [("x".to_owned(), "1".to_owned())], "{said}");
        }
    }

    #[test]
    fn whoever_says_nothing_of_it_plays() {
        for said in ["#!::r=7KQ2M-LIVE,token=h_x", "#!::r=7KQ2M-LIVE,m=request,token=h_x"] {
            let read = StreamId::parse(said).unwrap();
            assert_eq!(read.door, Door::Playback);
            assert!(!matches!(read.credential, Credential::Missing | Credential::Key(_)));
        }
        let bare = StreamId::parse("#!::r=7KQ2M-LIVE").unwrap();
        assert!(matches!(bare.credential, Credential::Missing));
    }

    #[test]
    fn two_credentials_that_differ_are_neither() {
        for said in ["push:NAME?key=a&token=a", "#!::r=NAME,m=publish,key=a,key=b"] {
            assert!(matches!(
                StreamId::parse(said).unwrap().credential,
                Credential::Conflicting
            ));
        }
        assert_eq!(StreamId::parse("#!::r=ONE,r=TWO").unwrap_err(), StreamIdError::Form);
    }

    #[test]
    fn what_is_none_is_refused_with_what_is_wrong() {
        let long = format!("push:NAME?token={}", "x".repeat(MAX_LENGTH));
        for (said, error) in [
            (long.as_str(), StreamIdError::TooLong),
            ("", StreamIdError::Form),
            ("NAME", StreamIdError::Form),
            ("#!{r: NAME}", StreamIdError::Form),
            ("#!::NAME", StreamIdError::Form),
            ("push:", StreamIdError::NoName),
            ("push:?key=a", StreamIdError::NoName),
            ("#!::m=publish", StreamIdError::NoName),
            ("#!::r=NAME,m=bidirectional", StreamIdError::Mode),
        ] {
            assert_eq!(StreamId::parse(said).unwrap_err(), error, "{said}");
        }
    }

    #[test]
    fn a_credential_is_never_printed() {
        let read = StreamId::parse("push:NAME?key=s3cret&token=t0ken").unwrap();
        let printed = format!("{read:?}");
        assert!(!printed.contains("s3cret") && !printed.contains("t0ken"), "{printed}");
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(said in ".{0,600}") {
            let _ = StreamId::parse(&said);
        }

        #[test]
        fn any_pairs_are_read_without_panic(said in "(push:|#!::)[rmk=,%?&a-f0-9]{0,60}") {
            let _ = StreamId::parse(&said);
        }
    }
}
