//! Subscriptions over one shared WebSocket (graphql-transport-ws), which comes back by itself.
//!
//! Whoever subscribes is subscribed again after each loss. What happened meanwhile is not replayed: pages that show
//! what they loaded earlier load anew [`Live::at_return`], or depend on [`Live::times_connected`]. One subscription is
//! always open, which says nothing: the server ends it when the person's access changes.

use std::{future::IntoFuture, time::Duration};

use cynic::{GraphQlResponse, QueryFragment, StreamingOperation};
use futures_util::{FutureExt, StreamExt, select};
use gloo_timers::future::sleep;
use graphql_ws_client::{Client, ws_stream_wasm::Connection};
use leptos::{prelude::*, task::spawn_local};
use serde::{Serialize, de::DeserializeOwned};
use ws_stream_wasm::WsMeta;

use super::client::{Api, ORGANISATION, PATH};
use crate::browser;

const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(15);
const SETTLED_AFTER_MS: f64 = 10_000.0;

/// The shared connection.
#[derive(Clone, Copy)]
pub(crate) struct Live {
    client: RwSignal<Option<Client>>,
    times_connected: RwSignal<u32>,
    times_lost: RwSignal<u32>,
    times_refused: RwSignal<u32>,
}

/// The one connection of the signed-in part.
pub(crate) fn use_live() -> Live {
    expect_context()
}

impl Live {
    /// Connects where `connect` is set, and stays connected until the owner is gone.
    pub(crate) fn provide(api: Api, connect: bool) -> Self {
        let live = Self {
            client: RwSignal::new(None),
            times_connected: RwSignal::new(0),
            times_lost: RwSignal::new(0),
            times_refused: RwSignal::new(0),
        };
        provide_context(live);
        if !connect {
            return live;
        }
        let (stop, stopped) = futures_util::future::abortable(live.keep_connected(api));
        on_cleanup(move || stopped.abort());
        spawn_local(stop.map(drop));
        live
    }

    /// Whether events arrive now.
    pub(crate) fn is_connected(self) -> bool {
        self.client.with(Option::is_some)
    }

    /// Grows with every connection made; 0 before the first.
    pub(crate) fn times_connected(self) -> u32 {
        self.times_connected.get()
    }

    /// Grows with every attempt that failed and every connection that ended.
    pub(crate) fn times_lost(self) -> u32 {
        self.times_lost.get()
    }

    /// Grows with every subscription that the server refused or ended: access was taken or changed.
    pub(crate) fn times_refused(self) -> u32 {
        self.times_refused.get()
    }

    /// Calls `act` whenever there is another connection than before. Only then what happened meanwhile is missed.
    pub(crate) fn at_return(self, act: impl Fn() + 'static) {
        Effect::new(move |before: Option<u32>| {
            let times = self.times_connected();
            if before.is_some_and(|before| before != times) {
                untrack(&act);
            }
            times
        });
    }

    /// Calls `heard` with each event, until the owner is gone. Runs again when signals read in `operation` change.
    pub(crate) fn subscribe<F, V>(
        self,
        operation: impl Fn() -> Option<StreamingOperation<F, V>> + 'static,
        heard: impl Fn(F) + Clone + 'static,
    ) where
        F: QueryFragment + DeserializeOwned + Unpin + Send + 'static,
        V: Serialize + Unpin + Send + 'static,
    {
        Effect::new(move |_| {
            let (Some(client), Some(operation)) = (self.client.get(), operation()) else {
                return;
            };
            let heard = heard.clone();
            let (task, handle) = futures_util::future::abortable(self.listen(client, operation, heard));
            on_cleanup(move || handle.abort());
            spawn_local(task.map(drop));
        });
    }

    async fn keep_connected(self, api: Api) {
        let mut wait = FIRST_WAIT;
        loop {
            let began = js_sys::Date::now();
            self.connect_once(api).await;
            self.client.set(None);
            self.times_lost.update(|times| *times = times.wrapping_add(1));
            if js_sys::Date::now() - began > SETTLED_AFTER_MS {
                wait = FIRST_WAIT;
            }
            sleep(wait.mul_f64(0.5 + js_sys::Math::random() / 2.0)).await;
            wait = LONGEST_WAIT.min(wait * 2);
        }
    }

    /// Returns when the connection has ended, or never came to be.
    async fn connect_once(self, api: Api) {
        let Ok(socket) = WsMeta::connect(address(), Some(vec!["graphql-transport-ws"])).await else {
            return;
        };
        let payload = match api.organisation.get_untracked() {
            Some(hash) => serde_json::json!({ ORGANISATION: hash }),
            None => serde_json::json!({}),
        };
        let Ok(builder) = Client::build(Connection::new(socket).await).payload(payload) else {
            return;
        };
        let mut opening = builder.into_future().fuse();
        let opened = select! {
            opened = opening => opened,
            () = sleep(LONGEST_WAIT).fuse() => return,
        };
        let Ok((client, actor)) = opened else { return };
        self.client.set(Some(client));
        self.times_connected.update(|times| *times += 1);
        actor.into_future().await;
    }

    async fn listen<F, V>(self, client: Client, operation: StreamingOperation<F, V>, heard: impl Fn(F))
    where
        F: QueryFragment + DeserializeOwned + Unpin + Send + 'static,
        V: Serialize + Unpin + Send + 'static,
    {
        let Ok(mut events) = client.subscribe(operation).await else {
            return;
        };
        while let Some(event) = events.next().await {
            match event {
                Ok(GraphQlResponse { data: Some(data), .. }) => heard(data),
                _ => break,
            }
        }
        // A lost connection ends it too, and is noticed by itself; then asking once more does no harm.
        self.times_refused.update(|times| *times = times.wrapping_add(1));
    }
}

fn address() -> String {
    format!("{}{PATH}", browser::origin().replacen("http", "ws", 1))
}
