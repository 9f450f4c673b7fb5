//! A connection, and the session whose media it carries at the moment.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::watch,
};

use crate::session::Session;

/// What a handler knows of its connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line(watch::Sender<Option<Arc<Session>>>);

/// While it lives, the connection carries a session's media.
#[derive(Debug)]
pub(crate) struct Carrying(Line);

impl Line {
    /// From now on every byte of the connection is the session's.
    pub(crate) fn carry(&self, session: &Arc<Session>) -> Carrying {
        self.0.send_replace(Some(session.clone()));
        Carrying(self.clone())
    }

    /// Waits until the session that the connection carries is ended.
    pub(super) async fn cut(&self) {
        let mut carried = self.0.subscribe();
        loop {
            let session = carried.borrow_and_update().clone();
            let ended = async {
                match session {
                    Some(session) => session.ended().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = ended => return,
                changed = carried.changed() => {
                    if changed.is_err() {
                        std::future::pending::<()>().await;
                    }
                }
            }
        }
    }

    fn session(&self) -> Option<Arc<Session>> {
        self.0.borrow().clone()
    }
}

impl Drop for Carrying {
    fn drop(&mut self) {
        self.0.0.send_replace(None);
    }
}

/// A socket that writes through whatever session its line carries.
#[derive(Debug)]
pub(crate) struct OnLine {
    stream: TcpStream,
    line: Line,
}

impl OnLine {
    pub(crate) fn new(stream: TcpStream, line: Line) -> Self {
        Self { stream, line }
    }

    fn write(
        self: Pin<&mut Self>,
        write: impl FnOnce(Pin<&mut TcpStream>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let session = this.line.session();
        let stream = Pin::new(&mut this.stream);
        match session {
            Some(session) => session.pass(|| write(stream)),
            None => write(stream),
        }
    }
}

impl AsyncRead for OnLine {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for OnLine {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.write(|stream| stream.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.write(|stream| stream.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
