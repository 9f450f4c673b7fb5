//! A connection after its handshake: the socket, what came and was not understood yet, and the session.

use std::time::Duration;

use bytes::BytesMut;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{Instant, timeout},
};

use super::{
    Error,
    session::{Event, Session},
};

#[derive(Debug)]
pub(super) struct Connection {
    socket: TcpStream,
    input: BytesMut,
    pub(super) session: Session,
    heard: Instant,
}

impl Connection {
    /// `input` is what came behind the handshake.
    pub(super) fn new(socket: TcpStream, input: BytesMut) -> Self {
        let mut session = Session::default();
        session.received(input.len());
        Self {
            socket,
            input,
            session,
            heard: Instant::now(),
        }
    }

    /// The next thing of interest. Can be dropped and called again without loss.
    pub(super) async fn next(&mut self) -> Result<Event, Error> {
        loop {
            if let Some(event) = self.session.next(&mut self.input)? {
                return Ok(event);
            }
            self.exchange().await?;
        }
    }

    /// The same, but an error where nothing comes for as long as `silence`.
    pub(super) async fn next_within(&mut self, silence: Duration) -> Result<Event, Error> {
        loop {
            if let Some(event) = self.session.next(&mut self.input)? {
                return Ok(event);
            }
            let deadline = self.heard + silence;
            tokio::time::timeout_at(deadline, self.exchange())
                .await
                .map_err(|_| Error::Silent(silence))??;
        }
    }

    /// Reads something, or writes some of what waits to be written.
    async fn exchange(&mut self) -> Result<(), Error> {
        self.input.reserve(READ_SIZE);
        let (mut reader, mut writer) = self.socket.split();
        let output = self.session.output();
        tokio::select! {
            written = writer.write_buf(output), if !output.is_empty() => {
                written?;
            }
            read = reader.read_buf(&mut self.input) => {
                let count = read?;
                if count == 0 {
                    return Err(Error::Closed);
                }
                self.heard = Instant::now();
                self.session.received(count);
            }
        }
        Ok(())
    }

    /// Writes what waits to be written.
    pub(super) async fn flush(&mut self) -> Result<(), Error> {
        let output = self.session.output();
        while !output.is_empty() {
            self.socket.write_buf(output).await?;
        }
        Ok(())
    }

    /// Writes what waits, then closes so that the peer reads it: a connection closed while unread bytes wait is reset,
    /// and a reset overtakes the last words. The peer may close first, as it likes to when it has finished.
    pub(super) async fn close(mut self) {
        // Whether the peer heard it or not, it is over.
        _ = timeout(LINGER, async {
            self.flush().await?;
            if timeout(GRACE, self.drain()).await.is_err() {
                self.socket.shutdown().await?;
                self.drain().await?;
            }
            Ok::<_, Error>(())
        })
        .await;
    }

    /// Reads and forgets until the peer has closed.
    async fn drain(&mut self) -> Result<(), Error> {
        loop {
            self.input.clear();
            self.input.reserve(READ_SIZE);
            if self.socket.read_buf(&mut self.input).await? == 0 {
                return Ok(());
            }
        }
    }
}

const READ_SIZE: usize = 16 * 1024;

/// For the peer to close first, and for everything.
const GRACE: Duration = Duration::from_millis(500);
const LINGER: Duration = Duration::from_secs(2);
