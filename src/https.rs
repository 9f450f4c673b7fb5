//! The HTTPS door: whose certificate it shows, and who renews that.

use std::{fs, path::Path, sync::Arc, time::Duration};

use anyhow::Context;
use axum::{
    Router,
    extract::Path as InPath,
    http::{HeaderValue, StatusCode},
    routing::get,
};
use link::Clock;
use tls::{
    Shown,
    acme::{Challenges, Keeper},
};
use tokio_util::sync::CancellationToken;

use crate::configuration::{Certificate, Https};

/// Shows a certificate, and keeps it fresh until `stop`.
pub(crate) fn certificate(
    certificate: Certificate,
    data: &Path,
    challenges: &Challenges,
    clock: &Clock,
    stop: &CancellationToken,
) -> anyhow::Result<Arc<rustls::ServerConfig>> {
    let shown = Shown::default();
    match certificate {
        Certificate::Files(files) => {
            let opened = files.open().context("https.certificate_file")?;
            if let Err(error) = opened.pair.clone().valid(clock.now()) {
                // Broadcasters and HTTP go on; browsers will say it, too.
                tracing::warn!(%error, "https.certificate_file");
            }
            shown.show(&opened.pair);
            until(stop, opened.follow(shown.clone(), clock.clone(), LOOK));
        }
        Certificate::Acme(acme) => {
            let keeper = Keeper::open(*acme, &shown).context("acme")?;
            until(stop, keeper.keep(shown.clone(), challenges.clone(), clock.clone()));
        }
        Certificate::SelfSigned => {
            let (pair, pem) = tls::self_signed(clock.now())?;
            let path = data.join("https.pem");
            fs::write(&path, pem).with_context(|| format!("cannot write `{}`", path.display()))?;
            shown.show(&pair);
        }
    }
    Ok(Arc::new(shown.server()))
}

/// Where an authority asks for a proof. RFC 8555 8.3.
pub(crate) fn proofs(challenges: Challenges) -> Router {
    Router::new().route(
        "/.well-known/acme-challenge/{token}",
        get(move |InPath(token): InPath<String>| async move { challenges.answer(&token).ok_or(StatusCode::NOT_FOUND) }),
    )
}

/// What browsers are told. RFC 6797 6.1. A certificate of one's own making is no promise.
pub(crate) fn hsts(https: &Https) -> Option<HeaderValue> {
    let promised = https.hsts_s > 0 && !matches!(https.certificate, Certificate::SelfSigned);
    promised
        .then(|| HeaderValue::from_str(&format!("max-age={}", https.hsts_s)).ok())
        .flatten()
}

fn until(stop: &CancellationToken, work: impl Future<Output = ()> + Send + 'static) {
    let stop = stop.clone();
    tokio::spawn(async move { stop.run_until_cancelled(work).await });
}

/// How often files are looked at.
const LOOK: Duration = Duration::from_secs(2);
