//! One viewer's or broadcaster's stay, from admission to end.
//!
//! Whoever carries media writes through [`Session::pass`], which holds the session's lock for the length of one
//! non-blocking write: once [`Session::end`] has returned, nothing more is written.

mod places;
mod player;
mod registry;
mod stay;
mod word;

use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::Poll,
    time::Duration,
};

use arc_swap::ArcSwap;
use guard::{End, Grant, Permit, Place, Reason, Request, Timestamp, Verdict};
use ids::SessionId;
use link::Protocol;
use player::Player;
pub(crate) use player::Report;
pub(crate) use registry::{Others, Registry};
pub use stay::Stay;
use tokio::sync::watch;
pub(crate) use word::Word;

use crate::gate::Reservation;

/// A session while it runs.
#[derive(Debug)]
pub struct Session {
    /// Its id, minted here.
    pub id: SessionId,
    /// How it reaches us.
    pub protocol: Protocol,
    /// What was asked at admission, with its newest token; asked again at every change.
    request: ArcSwap<Request>,
    permit: Permit,
    /// The tokens that it runs on, the newest last.
    tokens: ArcSwap<Vec<Held>>,
    /// Uses of tokens, where those are counted.
    reservations: Mutex<Vec<Arc<Reservation>>>,
    until: watch::Sender<Option<End>>,
    end: watch::Sender<Option<Reason>>,
    ended: Mutex<bool>,
    bytes: AtomicU64,
    requests: AtomicU64,
    /// Bytes when the rate was measured last.
    measured: AtomicU64,
    backend: Mutex<Heard>,
    /// What its player says.
    pub(crate) player: Player,
    /// What a broadcaster added to the name, without key and token.
    pub(crate) parameters: Vec<(String, String)>,
}

/// A token that a session was shown, and runs on until any of them is taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) grant: Grant,
    /// What tells it from every other credential.
    pub(crate) digest: Option<[u8; 32]>,
}

/// What the customer's backend said of a session.
#[derive(Debug, Default)]
struct Heard {
    word: Option<Word>,
    /// Which edition of the backend said it.
    edition: i64,
    /// Whether the session hangs on a word that was not given, or by an edition that is gone.
    wanted: bool,
    /// Whether it is being asked.
    asking: bool,
}

impl Session {
    pub(crate) fn new(
        id: SessionId,
        protocol: Protocol,
        request: Request,
        permit: Permit,
        (word, edition): (Option<Word>, i64),
        parameters: Vec<(String, String)>,
        reservation: Option<Arc<Reservation>>,
    ) -> Self {
        let held = permit.grant().cloned().map(|grant| Held {
            grant,
            digest: request.credential.digest(),
        });
        Self {
            tokens: ArcSwap::from_pointee(held.into_iter().collect()),
            reservations: Mutex::new(reservation.into_iter().collect()),
            id,
            protocol,
            request: ArcSwap::from_pointee(request),
            until: watch::Sender::new(permit.end()),
            permit,
            end: watch::Sender::new(None),
            ended: Mutex::new(false),
            bytes: AtomicU64::new(0),
            requests: AtomicU64::new(1),
            measured: AtomicU64::new(0),
            backend: Mutex::new(Heard {
                word,
                edition,
                ..Heard::default()
            }),
            player: Player::default(),
            parameters,
        }
    }

    /// What was asked at admission, with its newest token, from where its address is known to be now.
    pub(crate) fn request(&self) -> Arc<Request> {
        self.request.load_full()
    }

    /// What the backend said; where this edition of it was never asked, the session goes on until it was.
    pub(crate) fn heard_or_wanted(&self, edition: i64) -> Verdict {
        let mut heard = self.lock_heard();
        heard.wanted |= heard.word.is_none() || heard.edition != edition;
        heard.word.map_or(Verdict::Allowed { until: None }, |word| word.verdict)
    }

    /// In how long the backend has to be asked, where that is `within` so long: again, since its word is about to end, or at
    /// once, since it was never given and there is room to ask for it; and nobody does yet.
    pub(crate) fn begins_to_listen(
        &self,
        now: Timestamp,
        within: Duration,
        room: impl FnOnce() -> bool,
    ) -> Option<Duration> {
        let mut heard = self.lock_heard();
        if heard.asking {
            return None;
        }
        let again = heard.word.and_then(|word| word.again);
        let wait = again
            .map(|again| again.since(now))
            .filter(|wait| *wait < within)
            .or_else(|| (heard.wanted && room()).then_some(Duration::ZERO))?;
        heard.asking = true;
        Some(wait)
    }

    /// Takes the word of that edition of the backend.
    pub(crate) fn heard(&self, word: Word, edition: i64) {
        *self.lock_heard() = Heard {
            word: Some(word),
            edition,
            ..Heard::default()
        };
    }

    /// The tokens that it runs on, the newest last.
    pub(crate) fn tokens(&self) -> Arc<Vec<Held>> {
        self.tokens.load_full()
    }

    /// When its newest token was issued, where that says so; where the customer's backend let it in, when that was asked.
    pub(crate) fn since(&self) -> Option<Timestamp> {
        self.tokens.load().last().and_then(|held| held.grant.issued)
    }

    /// Whether it was shown that credential.
    pub(crate) fn knows(&self, digest: [u8; 32]) -> bool {
        self.tokens.load().iter().any(|held| held.digest == Some(digest))
    }

    /// Runs on a newer token too, and until its end; forgets those that nobody can take back any more.
    fn renew(&self, request: Request, held: Held, end: Option<End>, now: Timestamp) {
        let mut tokens: Vec<_> = self
            .tokens
            .load()
            .iter()
            .filter(|one| one.grant.expires.plus(KEPT) > now)
            .cloned()
            .collect();
        tokens.push(held);
        self.tokens.store(Arc::new(tokens));
        // INVARIANT: whoever decides again extends by this lock only, and what it decided on is the request by then.
        self.until.send_modify(|until| {
            self.request.store(Arc::new(request));
            *until = end;
        });
    }

    /// Keeps a use of a token for as long as nothing is sent.
    pub(crate) fn reserve(&self, reservation: Arc<Reservation>) {
        self.reservations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(reservation);
    }

    /// Uses up what was reserved, if media went through.
    fn spend(&self) {
        if self.bytes() > 0 {
            let reservations = self.reservations.lock().unwrap_or_else(PoisonError::into_inner);
            reservations.iter().for_each(|reservation| reservation.spend());
        }
    }

    /// What let it in.
    pub fn permit(&self) -> &Permit {
        &self.permit
    }

    /// Runs one non-blocking write of media, unless the session is over; counts what was written.
    pub(crate) fn pass(&self, write: impl FnOnce() -> Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        let ended = self.lock();
        if *ended {
            return Poll::Ready(Err(io::Error::new(
                io::ErrorKind::ConnectionAborted,
                "the session was ended",
            )));
        }
        let written = write();
        if let Poll::Ready(Ok(bytes)) = &written {
            self.bytes
                .fetch_add(u64::try_from(*bytes).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
        written
    }

    /// Ends it. From the return on nothing is written to it. False if it was over already.
    pub(crate) fn end(&self, reason: Reason) -> bool {
        let mut ended = self.lock();
        let first = !std::mem::replace(&mut *ended, true);
        drop(ended);
        if first {
            self.end.send_replace(Some(reason));
        }
        first
    }

    /// Ends it if its time is up: whoever carries it may have been waiting for its peer for long.
    pub(crate) fn expire(&self, now: Timestamp) {
        let last = *self.until.borrow();
        if let Some(last) = last.filter(|last| last.at <= now) {
            self.end(last.reason);
        }
    }

    /// Waits until it is ended.
    pub(crate) async fn ended(&self) {
        // The sender lives as long as the session: waiting cannot fail.
        let _ = self.end.subscribe().wait_for(Option::is_some).await;
    }

    /// Says where its address is known to be now.
    fn relocate(&self, place: Place) {
        let request = Request {
            place,
            ..(*self.request()).clone()
        };
        self.request.store(Arc::new(request));
    }

    /// Lets it run until another moment, unless it runs on another token than what `decided` was asked with.
    pub(crate) fn extend(&self, decided: &Arc<Request>, until: Option<End>) {
        self.until.send_if_modified(|current| {
            Arc::ptr_eq(&self.request.load(), decided) && std::mem::replace(current, until) != until
        });
    }

    /// When its time is up.
    pub(crate) fn until(&self) -> Option<End> {
        *self.until.borrow()
    }

    /// Why it was ended, if it was.
    pub fn reason(&self) -> Option<Reason> {
        *self.end.borrow()
    }

    /// Bytes of media so far.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Requests so far: that which began it, and those that it was found for again.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// It was asked for something more.
    pub(crate) fn requested(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// Bytes since this was asked last.
    fn since_measured(&self) -> u64 {
        let bytes = self.bytes();
        bytes.saturating_sub(self.measured.swap(bytes, Ordering::Relaxed))
    }

    /// Adds bytes that came in, rather than went out.
    pub(crate) fn received(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn lock_heard(&self) -> MutexGuard<'_, Heard> {
        self.backend.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A session that anybody may hold on to.
pub(crate) type Shared = Arc<Session>;

/// How long after its end a token can still be taken back.
const KEPT: Duration = Duration::from_hours(24);
