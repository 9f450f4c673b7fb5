//! The words of every mail. Plain text first; the HTML says the same with one button, loads nothing and tracks nobody.

use std::net::IpAddr;

use guard::Timestamp;

use super::Letter;

/// What a letter says, before it has a form.
struct Words<'a> {
    subject: String,
    /// One sentence each.
    paragraphs: Vec<String>,
    button: &'a str,
    link: &'a str,
    /// What to do where this was not expected.
    otherwise: &'a str,
}

/// What was changed of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AccountChange<'a> {
    /// By who is signed in.
    Password,
    /// By who had a link for it.
    PasswordByLink,
    AppSetUp,
    AppReplaced,
    AppRemoved,
    /// Of that name.
    PasskeyAdded(&'a str),
    PasskeyRemoved(&'a str),
    RecoveryCodes,
    /// By who operates the installation.
    SecondFactorReset,
}

/// Invites into an organisation. `inviter` is none where the installation does.
pub(crate) fn invitation(
    organisation: &str,
    inviter: Option<&str>,
    role: authz::Role,
    recipient: &str,
    link: &str,
    until: Timestamp,
) -> Letter {
    let invites = match inviter {
        Some(inviter) => format!("{inviter} invites you to join {organisation} on Portcullis."),
        None => format!("You are invited to join {organisation} on Portcullis."),
    };
    let may = match role {
        authz::Role::Admin => "administer everything",
        authz::Role::User => "do the daily work: streams, tokens, rules",
        authz::Role::ReadOnly => "look on, and change nothing",
    };
    Words {
        subject: format!("You are invited to {organisation}"),
        paragraphs: vec![
            invites,
            format!("Your role would be {role}: you may {may}."),
            format!(
                "The invitation is for {recipient} alone, works once, and can be accepted until {}.",
                moment(until)
            ),
        ],
        button: "Accept the invitation",
        link,
        otherwise: "If you do not know what this is about, do nothing: nothing happens without the button.",
    }
    .letter()
}

/// The way to a new password.
pub(crate) fn password_reset(recipient: &str, link: &str, until: Timestamp) -> Letter {
    Words {
        subject: "Choose a new password".to_owned(),
        paragraphs: vec![
            format!("Somebody, we hope you, asked for a new password for {recipient} on Portcullis."),
            format!(
                "The button leads to it, once, until {}. A new password ends every sign-in that you have.",
                moment(until)
            ),
        ],
        button: "Choose a new password",
        link,
        otherwise: "If it was not you, do nothing: your password stays as it is.",
    }
    .letter()
}

/// What a platform operator reads who forgot a password that they never chose.
pub(crate) fn no_password(recipient: &str, link: &str) -> Letter {
    Words {
        subject: "Your account has no password".to_owned(),
        paragraphs: vec![
            format!("Somebody, we hope you, asked for a new password for {recipient} on Portcullis."),
            "This account has none yet: you choose it by the link that the machine showed when the account was made, or by a \
             new one. Ask whoever runs the machine.".to_owned(),
        ],
        button: "Sign in",
        link,
        otherwise: "If it was not you, do nothing: nothing has changed.",
    }
    .letter()
}

/// What platform operators read when a customer asks for a package.
pub(crate) fn package_request(organisation: &str, package: &str, note: Option<&str>, link: &str) -> Letter {
    let mut paragraphs = vec![format!("{organisation} asks for the package {package}.")];
    paragraphs.extend(note.map(|note| format!("They write: {note}")));
    Words {
        subject: format!("{organisation} asks for {package}"),
        paragraphs,
        button: "Open the platform",
        link,
        otherwise: "You get this mail because you are a platform operator.",
    }
    .letter()
}

/// What administrators read when the operators declined a package.
pub(crate) fn package_declined(organisation: &str, package: &str, reason: &str, link: &str) -> Letter {
    Words {
        subject: format!("The package {package} was declined"),
        paragraphs: vec![
            format!("{organisation} asked for the package {package}. Whoever operates this installation declined it."),
            format!("They write: {reason}"),
        ],
        button: "Open the packages",
        link,
        otherwise: "You get this mail because you are an administrator of the organisation. You may ask again.",
    }
    .letter()
}

/// What an alert's mail says.
#[derive(Debug)]
pub(crate) struct Alert<'a> {
    /// `opened`, `reminded` or `resolved`.
    pub(crate) event: &'a str,
    pub(crate) severity: &'a str,
    /// The rule's name.
    pub(crate) name: &'a str,
    pub(crate) organisation: &'a str,
    /// What was measured.
    pub(crate) sentence: &'a str,
    /// What it is about, one by one.
    pub(crate) lines: Vec<String>,
    pub(crate) since: Timestamp,
    pub(crate) lasted: String,
    pub(crate) link: &'a str,
}

/// What receivers of alerts read.
pub(crate) fn alert(alert: &Alert<'_>) -> Letter {
    let (what, when) = match alert.event {
        "resolved" => (
            "Resolved",
            format!("It began on {} and lasted {}.", moment(alert.since), alert.lasted),
        ),
        "reminded" => (
            "Still",
            format!("It goes on since {}, for {}.", moment(alert.since), alert.lasted),
        ),
        _ => (
            severity(alert.severity),
            format!("It began on {}.", moment(alert.since)),
        ),
    };
    let mut paragraphs = vec![format!("{} at {}: {}.", alert.name, alert.organisation, alert.sentence)];
    paragraphs.extend(alert.lines.iter().cloned());
    paragraphs.push(when);
    Words {
        subject: format!("{what}: {} ({})", alert.name, alert.organisation),
        paragraphs,
        button: "Open the alerts",
        link: alert.link,
        otherwise: "You get this mail because an administrator of the organisation made this address a receiver of alerts.",
    }
    .letter()
}

/// A trial of a receiver.
pub(crate) fn alert_trial(organisation: &str, receiver: &str, link: &str) -> Letter {
    Words {
        subject: format!("A trial of alerts ({organisation})"),
        paragraphs: vec![
            format!("This is a trial of the receiver {receiver} of {organisation} on Portcullis."),
            "Alerts will come like this.".to_owned(),
        ],
        button: "Open the alerts",
        link: &format!("{link}/alerts"),
        otherwise: "You get this mail because an administrator of the organisation made this address a receiver of alerts.",
    }
    .letter()
}

fn severity(severity: &str) -> &'static str {
    match severity {
        "critical" => "Critical",
        "info" => "For your information",
        _ => "Warning",
    }
}

/// What a person reads after their account was changed, by whoever. `from` is none where it was done on the machine itself.
pub(crate) fn account_change(
    recipient: &str,
    change: AccountChange<'_>,
    at: Timestamp,
    from: Option<IpAddr>,
    link: &str,
) -> Letter {
    let (at, from) = (moment(at), from.map(|from| format!(", from the address {from}")));
    let from = from.unwrap_or_default();
    let who = match change {
        AccountChange::PasswordByLink => {
            format!("Whoever had a link for choosing a new password did it on {at}{from}.")
        }
        AccountChange::SecondFactorReset => format!("Whoever operates this installation did it on {at}{from}."),
        _ => format!("Whoever was signed in as {recipient} did it on {at}{from}."),
    };
    Words {
        subject: change.subject().to_owned(),
        paragraphs: vec![
            format!("On your account {recipient} on Portcullis, {}.", change.sentence()),
            who,
            "If that was you, or you asked for it, there is nothing to do.".to_owned(),
        ],
        button: "It was not me: choose a new password",
        link,
        otherwise: "A new password ends every sign-in that you have. Then look at your second factors in your account's \
                    security, and tell an administrator of your organisation.",
    }
    .letter()
}

impl AccountChange<'_> {
    const fn subject(self) -> &'static str {
        match self {
            Self::Password | Self::PasswordByLink => "Your password was changed",
            Self::AppSetUp | Self::AppReplaced => "An authenticator app was set up",
            Self::AppRemoved => "Your authenticator app was removed",
            Self::PasskeyAdded(_) => "A passkey was added",
            Self::PasskeyRemoved(_) => "A passkey was removed",
            Self::RecoveryCodes => "Your recovery codes were made anew",
            Self::SecondFactorReset => "Your second factor was reset",
        }
    }

    fn sentence(self) -> String {
        match self {
            Self::Password => "the password was changed, and every other sign-in was ended",
            Self::PasswordByLink => "a new password was chosen, and every sign-in was ended",
            Self::AppSetUp => "an authenticator app was set up as a second factor",
            Self::AppReplaced => "the authenticator app was replaced by another one",
            Self::AppRemoved => "the authenticator app was removed",
            Self::PasskeyAdded(name) => return format!("the passkey “{name}” was added"),
            Self::PasskeyRemoved(name) => return format!("the passkey “{name}” was removed"),
            Self::RecoveryCodes => "the recovery codes were made anew, and the old ones serve no more",
            Self::SecondFactorReset => "every second factor was removed, and every sign-in was ended",
        }
        .to_owned()
    }
}

impl Words<'_> {
    fn letter(self) -> Letter {
        let Self {
            subject,
            paragraphs,
            button,
            link,
            otherwise,
        } = self;
        let text = format!("{}\n\n{button}:\n{link}\n\n{otherwise}\n", paragraphs.join("\n\n"));
        let paragraphs: String = paragraphs
            .iter()
            .flat_map(|paragraph| {
                let begin = "<p style=\"margin:0 0 16px;font-size:16px;line-height:1.5\">";
                [begin.to_owned(), escape(paragraph), "</p>".to_owned()]
            })
            .collect();
        let html = FRAME
            .replace("{button}", button)
            .replace("{otherwise}", otherwise)
            .replace("{link}", &escape(link))
            // What people wrote comes last, and a brace of theirs fills nothing.
            .replace("{paragraphs}", &braced(&paragraphs))
            .replace("{title}", &braced(&escape(&subject)));
        Letter { subject, text, html }
    }
}

/// A text inside HTML, in an attribute too.
pub(crate) fn escape(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
        out
    })
}

/// With braces that are nothing but braces.
fn braced(html: &str) -> String {
    html.replace('{', "&#123;")
}

/// As in `1 February 2027, 08:00 UTC`.
fn moment(at: Timestamp) -> String {
    let at = chrono::DateTime::from_timestamp_micros(at.us()).unwrap_or_default();
    at.format("%-d %B %Y, %H:%M UTC").to_string()
}

const FRAME: &str = include_str!("frame.html");

#[cfg(test)]
mod tests {
    use super::*;

    fn invited(organisation: &str, inviter: &str) -> Letter {
        invitation(
            organisation,
            Some(inviter),
            authz::Role::User,
            "ann@example.com",
            "https://live.example.com/invitation#SECRET",
            Timestamp::from_s(1_800_604_800),
        )
    }

    #[test]
    fn an_invitation_says_who_invites_to_what_until_when_twice() {
        let letter = invited("Northwind Live", "Ada Admin");
        for said in [
            "Ada Admin",
            "Northwind Live",
            "nanoUser",
            "ann@example.com",
            "22 January 2027, 08:00 UTC",
            "https://live.example.com/invitation#SECRET",
        ] {
            assert!(letter.text.contains(said), "{said} in {}", letter.text);
            assert!(letter.html.contains(said), "{said} in {}", letter.html);
        }
        assert_eq!(letter.html.matches("<a ").count(), 1, "one button");
        assert!(!letter.html.contains("{link}") && !letter.html.contains("{title}"));
    }

    #[test]
    fn a_person_reads_what_was_changed_by_whom_when_and_from_where_and_what_to_do() {
        let read = |change, from| {
            let letter = account_change(
                "ann@example.com",
                change,
                Timestamp::from_s(1_800_604_800),
                from,
                "https://live.example.com/reset",
            );
            [letter.text, letter.html]
        };
        let from = Some(IpAddr::from([203, 0, 113, 9]));
        for said in read(AccountChange::PasskeyAdded("<b>{link}"), from) {
            for words in [
                "ann@example.com",
                "was added",
                "22 January 2027, 08:00 UTC",
                "203.0.113.9",
                "https://live.example.com/reset",
                "It was not me",
            ] {
                assert!(said.contains(words), "{words} in {said}");
            }
            assert!(!said.contains("<b>{link}") || !said.contains("<p"), "{said}");
        }
        for said in read(AccountChange::SecondFactorReset, None) {
            assert!(said.contains("Whoever operates this installation") && !said.contains("from the address"));
        }
    }

    #[test]
    fn what_people_wrote_is_never_markup_and_nothing_is_loaded() {
        let letter = invited("<img src=x onerror=1>{link}", "\"><script>");
        assert!(
            !letter.html.contains("<img") && !letter.html.contains("<script"),
            "{}",
            letter.html
        );
        assert!(
            letter.html.contains("&lt;img src=x onerror=1&gt;&#123;link}"),
            "{}",
            letter.html
        );
        for loads in ["src=\"", "url(", "@import", "<link"] {
            assert!(!letter.html.contains(loads), "{loads}");
        }
    }
}
