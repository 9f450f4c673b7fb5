//! A message to a collector: RFC 5424, framed by octet counting (RFC 6587 3.4.1), over TCP or TLS (RFC 5425).

use std::{fmt::Write as _, sync::Arc, time::Duration};

use chrono::{DateTime, SecondsFormat};
use guard::Timestamp;
use ids::{AlertDeliveryId, AlertId, AlertRuleId};
use reqwest::Url;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::timeout,
};
use tokio_rustls::TlsConnector;

use super::{notify::Facts, receiver::Collector, words};
use crate::state::State;

/// Why a message was not handed over; for customers: nothing of names and addresses beyond what they entered.
pub(super) type Trouble = &'static str;

/// What a message says.
pub(super) struct Message<'a> {
    pub(super) id: AlertDeliveryId,
    /// As in `opened`.
    pub(super) event: &'a str,
    /// None for a trial.
    pub(super) facts: Option<&'a Facts>,
    pub(super) organisation: &'a str,
    pub(super) at: Timestamp,
}

/// Hands a message over: written whole, and nobody on the other side broke off.
pub(super) async fn hand_over(state: &State, collector: &Collector, message: &Message<'_>) -> Result<(), Trouble> {
    let host = Url::parse(&state.addresses.http).ok();
    let host = host.as_ref().and_then(Url::host_str).unwrap_or("-");
    let frame = framed(&written(message, host));
    let attempt = async {
        let line = state
            .outbound
            .connect(&collector.host, collector.port)
            .await
            .map_err(|_| NO_CONNECTION)?;
        if !collector.tls {
            return give(line, &frame).await;
        }
        let name = ServerName::try_from(collector.host.clone()).map_err(|_| "the host is no name for TLS")?;
        let connector = TlsConnector::from(Arc::new(client(collector.authority.as_deref())?));
        let line = connector.connect(name, line).await.map_err(|error| {
            tracing::debug!(%error, "a collector's TLS failed");
            "no TLS: its certificate is not one that is trusted for this name, or it speaks none"
        })?;
        give(line, &frame).await
    };
    timeout(PATIENCE, attempt).await.unwrap_or(Err("no answer within 5 s"))
}

/// Whether a text is a certificate that can vouch for a collector.
pub(crate) fn is_authority(pem: &str) -> bool {
    roots(Some(pem)).is_ok()
}

/// There is no answer in this protocol: it was taken if the other side closes as well, or says nothing for a moment.
async fn give(mut line: impl AsyncRead + AsyncWrite + Unpin, frame: &[u8]) -> Result<(), Trouble> {
    let broke = |error: std::io::Error| {
        tracing::debug!(%error, "a collector broke off");
        "the connection broke off"
    };
    line.write_all(frame).await.map_err(broke)?;
    line.flush().await.map_err(broke)?;
    line.shutdown().await.map_err(broke)?;
    let mut end = [0; 64];
    match timeout(FAREWELL, line.read(&mut end)).await {
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionReset => Err(broke(error)),
        _ => Ok(()),
    }
}

fn client(authority: Option<&str>) -> Result<ClientConfig, Trouble> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| UNUSABLE)?;
    Ok(builder.with_root_certificates(roots(authority)?).with_no_client_auth())
}

fn roots(authority: Option<&str>) -> Result<RootCertStore, Trouble> {
    let mut roots = RootCertStore::empty();
    let Some(pem) = authority else {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        return Ok(roots);
    };
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let added = certificate.ok().map(|certificate| roots.add(certificate));
        added.and_then(Result::ok).ok_or(UNUSABLE)?;
    }
    if roots.is_empty() { Err(UNUSABLE) } else { Ok(roots) }
}

/// Octet counting: a message may hold whatever it likes.
fn framed(message: &str) -> Vec<u8> {
    format!("{} {message}", message.len()).into_bytes()
}

/// RFC 5424 6: header, structured data, text.
fn written(message: &Message<'_>, host: &str) -> String {
    let at = DateTime::from_timestamp_micros(message.at.us()).unwrap_or_default();
    let at = at.to_rfc3339_opts(SecondsFormat::Micros, true);
    let kind = format!("ALERT_{}", message.event.to_ascii_uppercase());
    let priority = FACILITY * 8 + severity(message);
    let mut data = format!(
        "[{DATA} notification=\"{}\" event=\"{}\"",
        message.id,
        quoted(message.event)
    );
    let mut add = |name: &str, value: &str| {
        let _ = write!(data, " {name}=\"{}\"", quoted(value));
    };
    add("organisation", message.organisation);
    let mut text = "This is a trial of a receiver of alerts.".to_owned();
    if let Some(facts) = message.facts {
        let row = &facts.row;
        add("alert", &AlertId::from_uuid(row.id).to_string());
        add("rule", &AlertRuleId::from_uuid(row.rule_id).to_string());
        add("name", &row.name);
        add("severity", facts.severity());
        add("value", &row.value.to_string());
        add("peak", &row.peak.to_string());
        if let Some(rule) = &facts.rule {
            add("bar", &rule.bar(row.usual).to_string());
            add("window", &rule.window_s.to_string());
        }
        add("seconds", &words::lasted(row, facts.at).as_secs().to_string());
        for stream in words::streams(row) {
            add("stream", &stream);
        }
        add("url", &facts.link);
        text = format!("{}: {}", row.name, facts.sentence);
        for line in facts.lines() {
            let _ = write!(text, "; {line}");
        }
    }
    data.push(']');
    // RFC 5424 6.4: a text in UTF-8 begins with its mark.
    format!(
        "<{priority}>1 {at} {} portcullis - {kind} {data} \u{feff}{}",
        header(host),
        line(&text)
    )
}

fn severity(message: &Message<'_>) -> u8 {
    match (message.event, message.facts.map(Facts::severity)) {
        ("resolved" | "test", _) => NOTICE,
        (_, Some("critical")) => 2,
        (_, Some("info")) => 6,
        _ => 4,
    }
}

/// RFC 5424 6.3.3: three characters are escaped within a value.
fn quoted(value: &str) -> String {
    line(value)
        .chars()
        .fold(String::with_capacity(value.len()), |mut out, c| {
            if matches!(c, '"' | '\\' | ']') {
                out.push('\\');
            }
            out.push(c);
            out
        })
}

/// Without what would end a line or steer a terminal.
fn line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// RFC 5424 6.2.4: printable ASCII, 255 at most.
fn header(text: &str) -> String {
    let fits: String = text.chars().filter(char::is_ascii_graphic).take(255).collect();
    if fits.is_empty() { "-".to_owned() } else { fits }
}

const NO_CONNECTION: Trouble =
    "no connection: the name is unknown, is one of a private network, or nobody answers there";
const UNUSABLE: Trouble = "the certificate that vouches for it cannot be used";
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the other side may take to close too.
const FAREWELL: Duration = Duration::from_millis(500);
/// Local use 0.
const FACILITY: u8 = 16;
const NOTICE: u8 = 5;
/// RFC 5424 7.2.2 wants an enterprise's number behind the name; this one is free for whoever has none (RFC 5612).
const DATA: &str = "portcullis@32473";

#[cfg(test)]
mod tests {
    use super::*;

    fn trial() -> Message<'static> {
        Message {
            id: AlertDeliveryId::mint(1, [1; 10]),
            event: "test",
            facts: None,
            organisation: "North \"wind\" [Live]\\\n",
            at: Timestamp::from_us(1_800_000_000_123_456),
        }
    }

    #[test]
    fn a_message_is_as_the_specification_says_whatever_people_are_called() {
        let message = trial();
        let text = written(&message, "live.example.com");
        assert_eq!(
            text,
            format!(
                "<133>1 2027-01-15T08:00:00.123456Z live.example.com portcullis - ALERT_TEST [portcullis@32473 \
                 notification=\"{}\" event=\"test\" organisation=\"North \\\"wind\\\" [Live\\]\\\\ \"] \
                 \u{feff}This is a trial of a receiver of alerts.",
                message.id
            )
        );
    }

    #[test]
    fn a_frame_counts_bytes_and_not_letters() {
        assert_eq!(framed("é\n"), "3 é\n".as_bytes());
    }

    #[test]
    fn a_certificate_is_one_that_can_be_read() {
        assert!(!is_authority("") && !is_authority("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"));
    }
}
