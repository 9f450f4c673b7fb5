//! `[geoip]`: the files that say where addresses are, and whom their licences want named.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use axum::http::Uri;
use media::geoip::Files;
use serde::Deserialize;

/// Where addresses are said to be.
#[derive(Debug)]
pub(crate) struct Geoip {
    /// The files.
    pub(crate) files: Files,
    /// Who is named wherever countries or networks are shown.
    pub(crate) credits: Vec<api::Credit>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GeoipKeys {
    country_file: PathBuf,
    asn_file: PathBuf,
    credits: Vec<CreditKeys>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreditKeys {
    text: String,
    url: String,
}

impl GeoipKeys {
    pub(super) fn parse(self) -> anyhow::Result<Geoip> {
        let file = |path: PathBuf| (!path.as_os_str().is_empty()).then_some(path);
        let files = Files {
            country: file(self.country_file),
            asn: file(self.asn_file),
        };
        ensure!(
            self.credits.len() <= CREDITS,
            "geoip.credits: {CREDITS} at most, of {} files",
            CREDITS / 2
        );
        ensure!(
            self.credits.is_empty() || files != Files::default(),
            "geoip.credits: there is no file whose makers they name"
        );
        let credits = self.credits.into_iter().enumerate();
        let credits =
            credits.map(|(number, credit)| credit.parse().with_context(|| format!("geoip.credits[{number}]")));
        Ok(Geoip {
            files,
            credits: credits.collect::<Result<_, _>>()?,
        })
    }
}

impl CreditKeys {
    fn parse(self) -> anyhow::Result<api::Credit> {
        let text = self.text.trim().to_owned();
        ensure!(
            (1..=TEXT).contains(&text.chars().count()) && !text.contains(char::is_control),
            "text: must be 1 to {TEXT} characters on one line"
        );
        let address = self.url.parse::<Uri>().ok();
        let reachable = address.is_some_and(|uri| uri.scheme_str() == Some("https") && uri.host().is_some());
        ensure!(
            reachable,
            "url: `{}` is not an address such as https://db-ip.com",
            self.url
        );
        Ok(api::Credit { text, url: self.url })
    }
}

/// For each of both files the one who made it, and the one from whom they had it.
const CREDITS: usize = 4;
const TEXT: usize = 100;
