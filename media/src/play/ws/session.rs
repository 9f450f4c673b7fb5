//! One viewer's socket, from the upgrade to the last word.

use std::{
    io::{self, IoSlice},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use bytes::{Buf, Bytes};
use guard::{Admitted, Credential, Door, Reason};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};

use super::{
    FIRST_MESSAGE, Node,
    frame::{self, Heard},
    hear::{Command, Ear, Silence},
    may_follow, refuse,
    renewals::{Answer, Renewals},
};
use crate::{
    gate::{Asked, Play},
    http::Line,
    hub::{Fragment, Next},
};

type Socket = TokioIo<hyper::upgrade::Upgraded>;

/// A last word: the close code, and the reason's name.
struct LastWord(u16, &'static str);

pub(super) async fn run(node: &Node, line: &Line, mut asked: Asked, socket: Socket) {
    let (read, mut write) = tokio::io::split(socket);
    let mut ear = Ear::new(read);
    if may_follow(&asked.credential)
        && !node.gate.would_admit(Door::Playback, &asked)
        && let Some(Command::Play { stream_id, token }) = ear.first_command(FIRST_MESSAGE).await
    {
        if stream_id.is_none_or(|stream| stream == asked.name) {
            asked.credential = Credential::from_token(&token);
        } else {
            asked.credential = Credential::Conflicting;
        }
    }
    let word = match node.gate.play(&asked).await {
        Ok(admitted) => {
            let carrying = line.carry(admitted.target().stay.session());
            let word = watch(node, &asked.name, &admitted, &mut ear, &mut write).await;
            drop(carrying);
            word
        }
        Err(denial) => Some(last_word(denial.reason)),
    };
    if let Some(word) = word {
        take_leave(word, &mut ear, &mut write).await;
    }
}

/// Says nothing but why.
pub(super) async fn refuse(socket: Socket, reason: Reason) {
    let (read, mut write) = tokio::io::split(socket);
    take_leave(last_word(reason), &mut Ear::new(read), &mut write).await;
}

async fn take_leave(LastWord(code, reason): LastWord, ear: &mut Ear<ReadHalf<Socket>>, write: &mut WriteHalf<Socket>) {
    let close = frame::close(code, reason);
    let said = async {
        write.write_all(&close).await?;
        write.shutdown().await
    };
    // A client that takes nothing in any more does not hear it.
    if matches!(tokio::time::timeout(FAREWELL, said).await, Ok(Ok(()))) {
        ear.wait_for_leave(FAREWELL).await;
    }
}

/// Sends until somebody ends it; the last word, unless the client is gone.
async fn watch(
    node: &Node,
    name: &str,
    admitted: &Admitted<Play>,
    ear: &mut Ear<ReadHalf<Socket>>,
    write: &mut WriteHalf<Socket>,
) -> Option<LastWord> {
    let Play { stay, stream } = admitted.target();
    let mut subscription = stream.subscribe(admitted);
    let mut renewals = Renewals::new(node, stay.session());
    let mut epoch = None;
    // Made once: they are looked at for every fragment.
    let (over, drained) = (stay.over(), node.drain.cancelled());
    tokio::pin!(over, drained);
    loop {
        let small = tokio::select! {
            biased;
            reason = &mut over => return Some(last_word(reason)),
            () = &mut drained => return Some(LastWord(1001, "DRAINING")),
            heard = ear.hear() => match heard {
                Ok(Heard::Ping(payload)) => frame::pong(&payload),
                Ok(Heard::Text(text)) => {
                    if !renewals.hear(name, &text) {
                        return Some(last_word(Reason::TokenMalformed));
                    }
                    continue;
                }
                Ok(Heard::Nothing) => continue,
                Ok(Heard::Close) => return Some(LastWord(1000, "")),
                Err(Silence::Misbehaved(how)) => return Some(LastWord(how.code(), "")),
                Err(Silence::Gone(_)) => return None,
            },
            answer = renewals.next() => match answer {
                Answer::Said(text) => frame::text(&text),
                Answer::Over(reason) => return Some(last_word(reason)),
            },
            next = subscription.next(BATCH) => {
                let Next::Fragments(fragments) = next else { return Some(LastWord(4000, "STREAM_ENDED")) };
                let messages = messages(&fragments, &mut epoch);
                let begun = AtomicBool::new(false);
                tokio::select! {
                    biased;
                    reason = &mut over => return unless(&begun, last_word(reason)),
                    written = write_all(write, messages, &begun) => if written.is_err() {
                        return unless(&begun, last_word(stay.session().reason()?));
                    },
                }
                continue;
            }
        };
        let begun = AtomicBool::new(false);
        tokio::select! {
            biased;
            reason = &mut over => return unless(&begun, last_word(reason)),
            () = &mut drained => return None,
            written = write_all(write, vec![small], &begun) => if written.is_err() {
                return unless(&begun, last_word(stay.session().reason()?));
            },
        }
    }
}

/// Cut off in the middle of a message no word would be understood. One that is over while it is written may show that by
/// a write that is refused.
fn unless(begun: &AtomicBool, word: LastWord) -> Option<LastWord> {
    (!begun.load(Ordering::Relaxed)).then_some(word)
}

/// The messages of some fragments, with what a player needs before the first of each epoch.
fn messages(fragments: &[std::sync::Arc<Fragment>], epoch: &mut Option<u64>) -> Vec<Bytes> {
    let mut messages = Vec::with_capacity(fragments.len() + 1);
    for fragment in fragments {
        if epoch.replace(fragment.epoch.number) != Some(fragment.epoch.number) {
            messages.push(fragment.epoch.messages.clone());
        }
        messages.push(fragment.message());
    }
    messages
}

/// Writes messages with as few calls as the kernel takes them in. Afterwards none of it is held back: whatever is said
/// next, when the session may be over, takes no media along. Says when the first byte was taken in.
async fn write_all(
    write: &mut (impl AsyncWrite + Unpin),
    mut messages: Vec<Bytes>,
    begun: &AtomicBool,
) -> io::Result<()> {
    let mut first = 0;
    while first < messages.len() {
        let slices: Vec<IoSlice<'_>> = messages[first..].iter().map(|bytes| IoSlice::new(bytes)).collect();
        let mut written = write.write_vectored(&slices).await?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        begun.store(true, Ordering::Relaxed);
        while let Some(message) = messages.get_mut(first).filter(|_| written > 0) {
            let taken = written.min(message.len());
            message.advance(taken);
            written -= taken;
            first += usize::from(message.is_empty());
        }
    }
    write.flush().await
}

fn last_word(reason: Reason) -> LastWord {
    let (code, word) = refuse::close(reason);
    LastWord(code, word)
}

/// Fragments written at once.
const BATCH: usize = 64;
const FAREWELL: Duration = Duration::from_secs(2);
