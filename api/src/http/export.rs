//! Files that people take away, streamed: who may, and how they are answered.

use std::{io, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::Request,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::{Stream, stream};
use guard::policy::Package;
use tokio::{sync::mpsc, time::Instant};

use super::{Doors, graphql, origin, presented};
use crate::{
    csv,
    fault::Fault,
    people::{Acting, Caller, Presented, identify, still_may},
    state::State,
};

/// What a request shows of whoever sent it; nothing where another site made it. The organisation may stand in the address,
/// for a link cannot carry a header.
pub(super) fn shown(doors: &Doors, request: &Request, organisation: Option<String>) -> Option<Presented> {
    let mut presented = presented(&doors.state, request);
    if presented.cookie.is_some() && origin::is_foreign(request.headers(), &doors.state.addresses.http) {
        return None;
    }
    if let Some(hash) = organisation {
        // Two that differ name none.
        let other = presented.organisation.replace(hash.clone());
        if other.is_some_and(|other| other != hash) {
            presented.organisation = Some(String::new());
        }
    }
    Some(presented)
}

/// Who asks, as for an operation of GraphQL.
pub(super) async fn caller(doors: &Doors, presented: Option<Presented>) -> Result<Caller, Response> {
    let Some(presented) = presented else {
        return Err(graphql::refuse(
            StatusCode::FORBIDDEN,
            "another site may not act for whoever is signed in",
        ));
    };
    let caller = identify(&doors.state, &presented).await.map_err(refused)?;
    match doors.state.rate.count(&caller).and_then(|left| left.refusal()) {
        Some(refusal) => Err(refused(refusal)),
        None => Ok(caller),
    }
}

/// A refusal, in GraphQL's form.
pub(super) fn refused(fault: Fault) -> Response {
    let status = match fault {
        Fault::Unauthenticated | Fault::SignInAgain => StatusCode::UNAUTHORIZED,
        Fault::NotFound => StatusCode::NOT_FOUND,
        Fault::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
        Fault::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Fault::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Fault::Invalid(_) | Fault::Caller(_) => StatusCode::BAD_REQUEST,
        _ => StatusCode::FORBIDDEN,
    };
    graphql::refuse_with(status, graphql::failed(fault))
}

/// A file to be saved under that name.
pub(super) fn file(name: &str, kind: &'static str, body: Body) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    (headers, body).into_response()
}

/// Rows that are read while they are sent, some at a time: however many there are, so many are in memory.
pub(super) trait Rows: Send + 'static {
    /// The next lines; none behind the last.
    fn more(&mut self) -> impl Future<Output = Result<Option<String>, Fault>> + Send;
}

/// What a file would be that is only asked about.
pub(super) fn described(name: &str, kind: &'static str) -> Response {
    file(name, kind, Body::empty())
}

/// Who takes a file away, and by what right.
#[derive(Clone)]
pub(super) struct Taker {
    state: Arc<State>,
    caller: Caller,
    pub(super) acting: Acting,
    /// Without which it is none of theirs.
    package: Option<Package>,
}

impl Taker {
    /// Whom a judgement let have it: `acting` is `caller` in their organisation.
    pub(super) fn new(doors: &Doors, caller: &Caller, acting: &Acting, package: Option<Package>) -> Self {
        Self {
            state: doors.state.clone(),
            caller: caller.clone(),
            acting: acting.clone(),
            package,
        }
    }
}

/// Rows for as long as whoever takes them away may: what was taken from them meanwhile, they are not sent.
struct Granted<R> {
    rows: R,
    taker: Taker,
}

impl<R: Rows> Rows for Granted<R> {
    async fn more(&mut self) -> Result<Option<String>, Fault> {
        let Taker {
            state,
            caller,
            acting,
            package,
        } = &self.taker;
        still_may(state, caller, acting, *package).await?;
        self.rows.more().await
    }
}

/// What stands around the rows of a file.
pub(super) struct Frame {
    pub(super) begin: String,
    /// Behind the last row; nothing, where that is the end.
    pub(super) end: String,
    /// Instead, where it cannot go on: what was sent cannot be taken back.
    pub(super) broken: String,
}

impl Frame {
    /// That of CSV, with its heading.
    pub(super) fn csv(heading: &[&str]) -> Self {
        Self {
            begin: csv::line(heading),
            end: String::new(),
            broken: csv::line([BROKE_OFF]),
        }
    }
}

/// Rows as a file of CSV, as [`sent`].
pub(super) fn lines(name: &str, heading: &[&str], rows: impl Rows, taker: Taker) -> Response {
    sent(name, CSV, Frame::csv(heading), rows, taker)
}

/// Rows as a file. One that cannot go on says so at its end, also where whoever takes it may not any more: that is looked at
/// before each part. Whoever takes nothing for a while, or has not all of it after an hour, is given up: the rows are let go
/// of, and the answer breaks off.
pub(super) fn sent(name: &str, kind: &'static str, frame: Frame, rows: impl Rows, taker: Taker) -> Response {
    let rows = Granted { rows, taker };
    file(name, kind, Body::from_stream(pieces(frame, rows, STALLED, WHOLE)))
}

fn pieces(
    frame: Frame,
    rows: impl Rows,
    patience: Duration,
    whole: Duration,
) -> impl Stream<Item = io::Result<String>> + Send + 'static {
    let (sender, receiver) = mpsc::channel(1);
    let way = Way {
        sender,
        patience,
        until: Instant::now() + whole,
    };
    tokio::spawn(send(frame, rows, way));
    stream::unfold(Some(receiver), async |receiver| {
        let mut receiver = receiver?;
        match receiver.recv().await {
            Some(Piece::Lines(lines)) => Some((Ok(lines), Some(receiver))),
            Some(Piece::End) => None,
            None => Some((Err(io::Error::from(io::ErrorKind::TimedOut)), None)),
        }
    })
}

/// Part of a file.
enum Piece {
    Lines(String),
    /// It is whole.
    End,
}

/// The way to whoever takes a file.
struct Way {
    sender: mpsc::Sender<Piece>,
    /// For how long they may take nothing.
    patience: Duration,
    /// When they are to have all of it.
    until: Instant,
}

impl Way {
    /// Whether they took it in time.
    async fn takes(&self, piece: Piece) -> bool {
        let until = self.until.min(Instant::now() + self.patience);
        matches!(
            tokio::time::timeout_at(until, self.sender.send(piece)).await,
            Ok(Ok(()))
        )
    }

    async fn ends(&self, last: String) {
        if last.is_empty() || self.takes(Piece::Lines(last)).await {
            self.takes(Piece::End).await;
        }
    }
}

/// Sends rows until there are no more, or until nobody takes them.
async fn send(frame: Frame, mut rows: impl Rows, way: Way) {
    let mut lines = frame.begin;
    loop {
        if !way.takes(Piece::Lines(lines)).await {
            return;
        }
        // Not in the midst of reading: the database goes on with a query that nobody waits for, and its turn goes with it.
        if way.sender.is_closed() {
            return;
        }
        lines = match rows.more().await {
            Ok(Some(lines)) => lines,
            Ok(None) => return way.ends(frame.end).await,
            Err(_) => return way.ends(frame.broken).await,
        };
    }
}

/// What CSV is.
pub(super) const CSV: &str = "text/csv; charset=utf-8; header=present";
/// The last line of one that cannot go on: what was sent cannot be taken back.
pub(super) const BROKE_OFF: &str = "the export broke off here: try again";
/// For how long whoever takes a file away may take nothing: some hundred rows are more than a second's work for any network.
const STALLED: Duration = Duration::from_secs(30);
/// For how long a file may be on its way: millions of rows are, over any network that is worth the name.
const WHOLE: Duration = Duration::from_hours(1);

#[cfg(test)]
mod tests {
    use std::{pin::pin, sync::Arc, time::Duration};

    use futures_util::{StreamExt, TryStreamExt};
    use tokio::sync::oneshot;

    use super::{BROKE_OFF, Frame, Rows, pieces};
    use crate::fault::Fault;

    /// So many rows, then the end or a failure; held for as long as they are sent.
    struct Counted {
        left: usize,
        fails: bool,
        _held: Arc<()>,
    }

    impl Rows for Counted {
        async fn more(&mut self) -> Result<Option<String>, Fault> {
            match (self.left.checked_sub(1), self.fails) {
                (Some(left), _) => {
                    self.left = left;
                    Ok(Some("row\r\n".to_owned()))
                }
                (None, false) => Ok(None),
                (None, true) => Err(Fault::Internal),
            }
        }
    }

    const LONG: Duration = Duration::from_mins(10);

    async fn until_free(held: &Arc<()>) {
        let free = async {
            while Arc::strong_count(held) > 1 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), free)
            .await
            .expect("the rows are let go of");
    }

    #[tokio::test]
    async fn who_takes_nothing_for_a_while_is_given_up() {
        let held = Arc::new(());
        let rows = |left, fails| Counted {
            left,
            fails,
            _held: held.clone(),
        };
        let mut body = pin!(pieces(
            Frame::csv(&["a"]),
            rows(20, false),
            Duration::from_millis(50),
            LONG
        ));
        body.next().await.unwrap().unwrap();
        until_free(&held).await;
        let rest: Vec<_> = body.collect().await;
        assert!(rest.len() < 20, "{}", rest.len());
        assert!(rest.last().unwrap().is_err(), "what is not whole does not look so");

        // Whoever is gone holds nothing either.
        drop(pieces(Frame::csv(&["a"]), rows(20, false), LONG, LONG));
        until_free(&held).await;
        for (fails, last) in [(false, String::new()), (true, format!("\"{BROKE_OFF}\"\r\n"))] {
            let whole = pieces(Frame::csv(&["a"]), rows(2, fails), LONG, LONG);
            let whole: Vec<_> = whole.try_collect().await.unwrap();
            assert_eq!(whole.concat(), format!("\"a\"\r\nrow\r\nrow\r\n{last}"));
        }
        until_free(&held).await;
    }

    #[tokio::test]
    async fn who_takes_a_little_now_and_then_is_given_up_in_the_end() {
        let held = Arc::new(());
        let rows = Counted {
            left: usize::MAX,
            fails: false,
            _held: held.clone(),
        };
        let mut body = pin!(pieces(Frame::csv(&["a"]), rows, LONG, Duration::from_millis(200)));
        let taken = async {
            while body.next().await.unwrap().is_ok() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let taken = tokio::time::timeout(Duration::from_mins(1), taken).await;
        taken.expect("it breaks off");
        until_free(&held).await;
    }

    /// Rows of one query, which says when it begins and when it is done.
    struct Queried {
        begins: Option<oneshot::Sender<()>>,
        goes_on: Option<oneshot::Receiver<()>>,
        done: Option<oneshot::Sender<()>>,
    }

    impl Rows for Queried {
        async fn more(&mut self) -> Result<Option<String>, Fault> {
            let Some(begins) = self.begins.take() else {
                return Ok(None);
            };
            begins.send(()).unwrap();
            self.goes_on.take().unwrap().await.unwrap();
            self.done.take().unwrap().send(()).unwrap();
            Ok(Some("row\r\n".to_owned()))
        }
    }

    #[tokio::test]
    async fn a_query_is_waited_for_whoever_is_gone() {
        let ((begins, begun), (go, goes_on), (done, is_done)) =
            (oneshot::channel(), oneshot::channel(), oneshot::channel());
        let rows = Queried {
            begins: Some(begins),
            goes_on: Some(goes_on),
            done: Some(done),
        };
        let mut body = Box::pin(pieces(Frame::csv(&["a"]), rows, LONG, LONG));
        body.next().await.unwrap().unwrap();
        begun.await.unwrap();
        drop(body);
        // Whoever would let go of the rows does so now.
        tokio::task::yield_now().await;
        go.send(()).unwrap();
        is_done.await.expect("what its turn is for goes on to its end");
    }
}
