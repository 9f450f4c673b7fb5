//! A request to publish.

use std::net::{IpAddr, SocketAddr};

use guard::{Admitted, Credential, Denial, Door};

use super::{Error, Limits, Publisher, connection::Connection, session::Asked};

/// Somebody asks to publish. Dropping it closes the connection without an answer.
#[derive(Debug)]
pub struct Request {
    peer: SocketAddr,
    asked: Asked,
    connection: Connection,
    limits: Limits,
}

impl Request {
    pub(super) const fn new(peer: SocketAddr, asked: Asked, connection: Connection, limits: Limits) -> Self {
        Self {
            peer,
            asked,
            connection,
            limits,
        }
    }

    /// The other end of the socket, or whom the proxy there names.
    pub const fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// The broadcaster's address; an IPv4-mapped one is the IPv4 one.
    pub fn address(&self) -> IpAddr {
        guard::fold(self.peer.ip())
    }

    /// The application, `live` in `rtmp://host/live/NAME`, without its parameters.
    pub fn app(&self) -> &str {
        &self.asked.app
    }

    /// What the encoder thinks it connected to, without its parameters; nobody has checked it.
    pub fn tc_url(&self) -> Option<&str> {
        self.asked.tc_url.as_deref()
    }

    /// The text that should be a stream's name, without its parameters.
    pub fn name(&self) -> &str {
        &self.asked.name
    }

    /// The key or token among the parameters of the name and of the application.
    pub fn credential(&self) -> Credential {
        self.asked.parameters.credential()
    }

    /// What else stands among those parameters; in order.
    pub fn parameters(&self) -> Vec<(String, String)> {
        self.asked.parameters.others()
    }

    /// What the encoder calls itself.
    pub fn encoder(&self) -> Option<&str> {
        self.asked.encoder.as_deref()
    }

    /// Whether the connection is encrypted.
    pub const fn encrypted(&self) -> bool {
        false
    }

    /// Lets the broadcaster publish.
    pub async fn accept<T>(mut self, admitted: &Admitted<T>) -> Result<Publisher, Error> {
        let permit = admitted.permit();
        if permit.door() != Door::Ingest || permit.name().as_str() != self.asked.name {
            return Err(Error::Permit);
        }
        self.connection.session.accept();
        self.connection.flush().await?;
        Ok(Publisher::new(self.connection, self.limits.silence))
    }

    /// Tells the broadcaster why not, and closes. Takes 2 s at most.
    pub async fn reject(mut self, denial: &Denial) {
        self.connection.session.refuse(denial);
        self.connection.close().await;
    }
}
