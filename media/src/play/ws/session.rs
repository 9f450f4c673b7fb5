//! One viewer's socket, from the upgrade to the last word.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use bytes::{Buf, Bytes};
use guard::{Admitted, Credential, Door, Reason, token::Malformed};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};

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
#[derive(Debug, PartialEq, Eq)]
struct LastWord(u16, &'static str);

pub(super) async fn run(node: &Node, line: &Line, mut asked: Asked, socket: Socket) {
    let (read, mut write) = tokio::io::split(socket);
    let mut ear = Ear::new(read);
    if may_follow(&asked.credential) && !node.gate.would_admit(Door::Playback, &asked) {
        match ear.first_command(FIRST_MESSAGE).await {
            Ok(Some(Command::Play { stream_id, token })) => {
                asked.credential = if stream_id.is_none_or(|stream| stream == asked.name) {
                    Credential::from_token(&token)
                } else {
                    Credential::Malformed(Malformed::Elsewhere)
                };
            }
            Ok(_) => {}
            Err(too_long) => asked.credential = Credential::Malformed(too_long),
        }
    }
    let word = match node.gate.play(&asked).await {
        Ok(admitted) => {
            let carrying = line.carry(admitted.target().stay.session());
            let word = watch(node, &asked.name, &admitted, &mut ear, &mut write).await;
            drop(carrying);
            word
        }
        Err(denial) => {
            let said = frame::text(&refuse::message("denied", &denial));
            return take_leave(said, last_word(denial.reason), &mut ear, &mut write).await;
        }
    };
    if let Some(word) = word {
        take_leave(Bytes::new(), word, &mut ear, &mut write).await;
    }
}

/// Says nothing but why.
pub(super) async fn refuse(socket: Socket, reason: Reason) {
    let (read, mut write) = tokio::io::split(socket);
    take_leave(Bytes::new(), last_word(reason), &mut Ear::new(read), &mut write).await;
}

/// Says what is to be said before, and why it is over.
async fn take_leave(
    mut before: Bytes,
    LastWord(code, reason): LastWord,
    ear: &mut Ear<impl AsyncRead + Unpin>,
    write: &mut (impl AsyncWrite + Unpin),
) {
    let close = frame::close(code, reason);
    let said = async {
        write.write_all_buf(&mut before).await?;
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
    let ended = || stay.session().reason();
    loop {
        let messages = tokio::select! {
            biased;
            reason = &mut over => return Some(last_word(reason)),
            () = &mut drained => return Some(DRAINING),
            heard = ear.hear() => match heard {
                Ok(Heard::Ping(payload)) => vec![frame::pong(&payload)],
                Ok(Heard::Text(text)) => {
                    match Command::of(&text) {
                        Some(Command::Play { stream_id, .. }) if stream_id.as_ref().is_some_and(|stream| stream != name) => {
                            return Some(last_word(Reason::TokenMalformed));
                        }
                        Some(Command::Play { token, .. }) => renewals.show(token, true),
                        Some(Command::Token { token }) => renewals.show(token, false),
                        Some(Command::Quality(report)) => stay.session().player.hear(&report),
                        None => {}
                    }
                    continue;
                }
                Ok(Heard::Nothing) => continue,
                Ok(Heard::Close) => return Some(LastWord(1000, "")),
                Err(Silence::Misbehaved(how)) => return Some(LastWord(how.code(), "")),
                Err(Silence::Gone(_)) => return None,
            },
            answer = renewals.next() => match answer {
                Answer::Said(text) => vec![frame::text(&text)],
                Answer::Over(reason) => return Some(last_word(reason)),
            },
            next = subscription.next(BATCH) => {
                let Next::Fragments(fragments) = next else { return Some(LastWord(4000, "STREAM_ENDED")) };
                messages(&fragments, &mut epoch)
            }
        };
        if let Err(word) = send(write, messages, over.as_mut(), drained.as_mut(), ended).await {
            return word;
        }
    }
}

/// Writes messages, unless the session is over before they are, or the node goes while the client takes nothing in. Then
/// what is left to be said: nothing where a message was cut off in its middle, of which no word would be understood.
async fn send(
    write: &mut (impl AsyncWrite + Unpin),
    messages: Vec<Bytes>,
    over: Pin<&mut impl Future<Output = Reason>>,
    drained: Pin<&mut impl Future<Output = ()>>,
    ended: impl FnOnce() -> Option<Reason>,
) -> Result<(), Option<LastWord>> {
    let begun = AtomicBool::new(false);
    let word = tokio::select! {
        biased;
        reason = over => Some(last_word(reason)),
        written = write_all(write, messages, &begun) => match written {
            Ok(()) => return Ok(()),
            // What is over while it is written may show that by a write that is refused.
            Err(_) => ended().map(last_word),
        },
        () = drained => Some(DRAINING),
    };
    let begun = begun.load(Ordering::Relaxed);
    Err(word.filter(|_| !begun))
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

/// RFC 6455 7.4.1: going away.
const DRAINING: LastWord = LastWord(1001, "DRAINING");
/// Fragments written at once.
const BATCH: usize = 64;
const FAREWELL: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, DuplexStream, duplex},
        sync::oneshot,
    };

    use super::*;

    /// A socket of whose buffer only `room` is left, and a session that is ended, or a node that goes, while a message is
    /// written to it; what is left to be said, and what the client reads in the end behind what was there before.
    async fn cut(room: usize, by: Option<Reason>) -> (Option<LastWord>, Vec<u8>) {
        let (mut server, client) = duplex(BUFFER);
        server.write_all(&vec![0; BUFFER - room]).await.unwrap();
        let (read, mut write) = tokio::io::split(server);
        let word: Option<LastWord> = {
            let (end, ended) = oneshot::channel();
            let (go, gone) = oneshot::channel();
            let over = async { ended.await.unwrap() };
            let drained = async { gone.await.unwrap() };
            tokio::pin!(over, drained);
            let message = Bytes::from_static(&[7; 2 * BUFFER]);
            let sent = send(&mut write, vec![message], over, drained, || None);
            tokio::pin!(sent);
            // It waits for the client, who takes nothing in.
            assert!(futures_util::poll!(&mut sent).is_pending());
            match by {
                Some(reason) => end.send(reason).unwrap(),
                None => go.send(()).unwrap(),
            }
            sent.await.unwrap_err()
        };
        let said = async {
            if let Some(LastWord(code, reason)) = word {
                take_leave(Bytes::new(), LastWord(code, reason), &mut Ear::new(read), &mut write).await;
            }
            drop(write);
            word
        };
        let (word, heard) = tokio::join!(said, all(client));
        (word, heard[BUFFER - room..].to_vec())
    }

    async fn all(mut client: DuplexStream) -> Vec<u8> {
        let mut heard = Vec::new();
        client.read_to_end(&mut heard).await.unwrap();
        heard
    }

    #[tokio::test]
    async fn a_viewer_who_is_cut_before_a_byte_of_a_message_is_told_why() {
        for (by, said) in [
            (Some(Reason::TokenRevoked), LastWord(4416, "TOKEN_REVOKED")),
            (None, LastWord(1001, "DRAINING")),
        ] {
            let (word, heard) = cut(0, by).await;
            assert_eq!(heard, frame::close(said.0, said.1).to_vec());
            assert_eq!(word, Some(said));
        }
    }

    #[tokio::test]
    async fn a_viewer_who_is_cut_within_a_message_is_told_nothing_that_would_be_taken_for_media() {
        for by in [Some(Reason::TokenRevoked), None] {
            let (word, heard) = cut(100, by).await;
            assert_eq!(word, None);
            assert_eq!(heard, [7; 100]);
        }
    }

    #[tokio::test]
    async fn a_client_whose_first_message_is_too_long_is_listened_to_until_it_has_heard_why() {
        let (server, client) = duplex(BUFFER);
        // A text of 64 KiB, which is more than there is room for on the way.
        let mut message: Vec<u8> = vec![0x81, 0xFF, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4];
        message.resize(message.len() + 64 * BUFFER, 0);
        let refused = async move {
            let (read, mut write) = tokio::io::split(server);
            let mut ear = Ear::new(read);
            let why = ear.first_command(FIRST_MESSAGE).await.unwrap_err();
            take_leave(Bytes::new(), last_word(Reason::TokenMalformed), &mut ear, &mut write).await;
            why
        };
        let says = async move {
            let mut client = client;
            client.write_all(&message).await.unwrap();
            client.shutdown().await.unwrap();
            all(client).await
        };
        let (why, heard) = tokio::join!(refused, says);
        assert_eq!(why, Malformed::TooLong);
        assert_eq!(heard, frame::close(4410, "TOKEN_MALFORMED").to_vec());
    }

    const BUFFER: usize = 1024;
}
