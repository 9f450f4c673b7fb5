//! How well it plays, by the players' own account: gathered by the minute, and read for views.
//!
//! A player speaks on its own session, so that what it says counts for that session's organisation and stream, and for where
//! the session is from; nothing of that does it say itself.

mod browser;
mod read;

use std::collections::HashMap;

use entity::quality_minute;
use guard::{Country, Door, Timestamp};
use ids::{NodeId, OrganisationId, SessionId, StreamName};
use link::{Event, Kind, Protocol, Quality, SessionFacts};
use sea_orm::{ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, Iden, sea_query::OnConflict};

use self::browser::Browser;
pub(crate) use self::read::{By, OrderBy, Sums, over_time, taken_apart};
use super::minutes::{ROWS, added, minute};

/// Viewers' sessions, and what is not written yet.
#[derive(Debug, Default)]
pub(super) struct Players {
    sessions: HashMap<SessionId, (NodeId, Viewed)>,
    rows: Rows,
}

/// Sums to be added to those that are written.
#[derive(Debug, Default)]
pub(super) struct Rows(HashMap<(Timestamp, Viewed), Sums>);

/// What is viewed, and from where and with what.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Viewed {
    organisation: OrganisationId,
    stream: StreamName,
    protocol: Protocol,
    country: Option<Country>,
    browser: Browser,
}

impl Players {
    /// Takes in an event.
    pub(super) fn take(&mut self, Event { at, node, kind }: &Event) {
        match kind {
            Kind::Started(facts) if facts.door == Door::Playback => {
                self.sessions.insert(facts.session, (*node, Viewed::of(facts)));
            }
            Kind::Quality { session, quality, .. } => {
                if let Some((_, viewed)) = self.sessions.get(session) {
                    let row = self.rows.0.entry((minute(*at), viewed.clone())).or_default();
                    row.add(quality);
                }
            }
            Kind::Ended(end) => drop(self.sessions.remove(&end.session)),
            Kind::NodeLost => self.sessions.retain(|_, (of, _)| of != node),
            _ => {}
        }
    }

    /// What is to be written; from now on it counts as written.
    pub(super) fn rows(&mut self) -> Rows {
        std::mem::take(&mut self.rows)
    }
}

impl Viewed {
    fn of(facts: &SessionFacts) -> Self {
        Self {
            organisation: facts.organisation,
            stream: facts.name.clone(),
            protocol: facts.protocol,
            country: facts.place.country,
            browser: facts.user_agent.as_deref().map(Browser::of).unwrap_or_default(),
        }
    }
}

impl Sums {
    fn add(&mut self, quality: &Quality) {
        let Quality {
            attempt,
            start_ms,
            played_ms,
            stalled_ms,
            stalls,
            latency_ms,
            lost,
            undecoded,
            unsupported,
        } = *quality;
        self.attempts += i64::from(attempt);
        if let Some(ms) = start_ms {
            self.starts += 1;
            self.quick_starts += i64::from(ms <= QUICK_MS);
            self.start_ms += i64::from(ms);
        }
        if let Some(ms) = latency_ms {
            self.latencies += 1;
            self.latency_ms += i64::from(ms);
        }
        for (sum, more) in [
            (&mut self.played_ms, played_ms),
            (&mut self.stalled_ms, stalled_ms),
            (&mut self.stalls, stalls),
            (&mut self.lost, lost),
            (&mut self.undecoded, undecoded),
            (&mut self.unsupported, unsupported),
        ] {
            *sum += i64::from(more);
        }
    }
}

impl Rows {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds them to what is written.
    pub(super) async fn insert(&self, connection: &impl ConnectionTrait) -> Result<(), DbErr> {
        use quality_minute::Column;
        let key = [
            Column::OrganisationId,
            Column::MinuteAt,
            Column::StreamName,
            Column::Protocol,
            Column::Country,
            Column::Browser,
            Column::Version,
        ];
        let sums = [
            Column::Attempts,
            Column::Starts,
            Column::QuickStarts,
            Column::StartMs,
            Column::PlayedMs,
            Column::StalledMs,
            Column::Stalls,
            Column::LatencyMs,
            Column::Latencies,
            Column::Lost,
            Column::Undecoded,
            Column::Unsupported,
        ];
        let rows: Vec<_> = self.0.iter().map(row).collect();
        for chunk in rows.chunks(ROWS) {
            let sums = sums.map(|column| (column, added("quality_minute", &column.to_string())));
            quality_minute::Entity::insert_many(chunk.to_vec())
                .on_conflict(OnConflict::columns(key).values(sums).to_owned())
                .exec_without_returning(connection)
                .await?;
        }
        Ok(())
    }
}

fn row(((minute, viewed), sums): (&(Timestamp, Viewed), &Sums)) -> quality_minute::ActiveModel {
    quality_minute::ActiveModel {
        organisation_id: Set(viewed.organisation.uuid()),
        minute_at: Set(minute.us()),
        stream_name: Set(viewed.stream.to_string()),
        protocol: Set(viewed.protocol.as_str().to_owned()),
        country: Set(viewed.country.map(|country| country.to_string()).unwrap_or_default()),
        browser: Set(viewed.browser.name.to_owned()),
        version: Set(viewed.browser.version.clone()),
        attempts: Set(sums.attempts),
        starts: Set(sums.starts),
        quick_starts: Set(sums.quick_starts),
        start_ms: Set(sums.start_ms),
        played_ms: Set(sums.played_ms),
        stalled_ms: Set(sums.stalled_ms),
        stalls: Set(sums.stalls),
        latency_ms: Set(sums.latency_ms),
        latencies: Set(sums.latencies),
        lost: Set(sums.lost),
        undecoded: Set(sums.undecoded),
        unsupported: Set(sums.unsupported),
    }
}

/// Whoever sees a picture within that time did not wait.
const QUICK_MS: u32 = 2_000;
