//! What must hold for any text whatever: kept by the fuzz targets, and by tests on the committed corpus.

use guard::{
    AgentPattern, Credential, HostPattern, Token, referrer,
    rules::{Kind, Matcher},
};

/// A text is read without panic, the same each time; what is printed of it is not the credential.
pub(super) fn token(text: &str) {
    let text = text.trim_end();
    if let Ok(token) = Token::parse(text) {
        let again = Token::parse(text).expect("what was read once is read again");
        assert_eq!(token.digest(), again.digest());
        if let (Ok(claims), Ok(same)) = (token.claims(), again.claims()) {
            assert_eq!(claims, same);
            assert!(!claims.jti.is_empty());
        }
        assert_eq!(format!("{}.{}", token.signed(), token.signature()), text);
        assert!(token.signature().len() < 16 || !format!("{token:?}").contains(token.signature()));
    }
    let credential = Credential::from_token(text);
    assert_eq!(credential.digest(), Credential::from_token(text).digest());
}

/// A page's host is whole labels of plain letters; a pattern prints what it parses, and fits only below itself.
pub(super) fn host(text: &str) {
    let text = text.trim_end_matches('\n');
    for host in [
        referrer(None, Some(text)),
        referrer(Some(text), Some("https://other.test/")),
    ] {
        let Some(host) = host else { continue };
        assert!(host.as_str().len() <= 253);
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_:".contains(&byte);
        assert!(host.as_str().bytes().all(plain), "{host}");
        assert_eq!(host.as_str().parse(), Ok(host.clone()), "what is plain stays");
        assert!(HostPattern::Exact(host.clone()).matches(&host));
        assert!(!HostPattern::Below(host.clone()).matches(&host));
    }
    if let Ok(pattern) = text.parse::<HostPattern>() {
        assert_eq!(pattern.to_string().parse(), Ok(pattern.clone()));
        let matcher = Matcher::parse(Kind::Referrer, text).expect("a host is a value");
        assert_eq!(Matcher::parse(Kind::Referrer, &matcher.to_string()), Ok(matcher));
    }
}

/// A network has no bits behind its prefix, is never a mapped one, and prints what it parses.
pub(super) fn network(text: &str) {
    if let Ok(network) = guard::network(text) {
        assert_eq!(network, network.trunc());
        assert_eq!(guard::network(&network.to_string()), Ok(network));
        assert!(network.contains(&network.addr()));
    }
    for kind in Kind::ALL {
        if let Ok(matcher) = Matcher::parse(kind, text) {
            assert_eq!(Matcher::parse(kind, &matcher.to_string()), Ok(matcher));
        }
    }
}

/// The first line is a pattern, the rest an agent: wildcards mean what the slow way says that they mean.
pub(super) fn agent(text: &str) {
    let (pattern, agent) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(parsed) = pattern.parse::<AgentPattern>() else {
        return;
    };
    assert_eq!(parsed.to_string().parse(), Ok(parsed.clone()));
    let printed = parsed.to_string();
    let fits = parsed.searcher().fits(agent);
    if printed.len().saturating_mul(agent.len()) < 1_000_000 {
        assert_eq!(
            fits,
            slowly(printed.as_bytes(), agent.as_bytes()),
            "{printed:?} {agent:?}"
        );
    }
    assert!(!fits || parsed.literal_length() <= agent.len());
}

/// Row by row: whether the pattern so far fits the agent so far.
fn slowly(pattern: &[u8], agent: &[u8]) -> bool {
    let mut fits = vec![false; agent.len() + 1];
    fits[0] = true;
    for &letter in pattern {
        let before = fits.clone();
        for at in 0..fits.len() {
            fits[at] = if letter == b'*' {
                before[at] || (at > 0 && fits[at - 1])
            } else {
                at > 0 && before[at - 1] && agent[at - 1] == letter
            };
        }
    }
    fits[agent.len()]
}
