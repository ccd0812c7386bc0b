//! What the page is told without asking: server-sent events.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::State;
use axum::response::sse::{self, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use serde_json::json;
use study::label::{Event, Labelling};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{Receiver, Sender};

use crate::Shared;
use crate::answer::{Refusal, ask};

/// Events that a slow page may be behind; it then misses the oldest, of which newer ones say more.
const N_KEPT: usize = 256;

/// Where events come from.
#[derive(Clone)]
pub struct Events(Sender<(&'static str, Arc<str>)>);

impl Events {
    /// Those of a labelling.
    pub fn of(labelling: &Labelling) -> Self {
        let (sender, _) = tokio::sync::broadcast::channel(N_KEPT);
        let told = sender.clone();
        labelling.listen(move |event| {
            let (name, content) = match event {
                Event::Labels { revision } => ("labels", json!({ "revision": revision })),
                Event::Train(state) => ("train", json!(state)),
                Event::Suggest(state) => ("suggest", json!(state)),
            };
            // Nobody may be listening.
            let _ = told.send((name, content.to_string().into()));
        });
        Events(sender)
    }
}

pub async fn stream(
    State(shared): State<Shared>,
) -> Result<Sse<impl Stream<Item = Result<sse::Event, Infallible>>>, Refusal> {
    let receiver = shared.events.0.subscribe();
    let revision = ask(&shared, Labelling::revision).await?;
    let hello = ("hello", json!({ "revision": revision }).to_string().into());
    let events = stream::unfold((Some(hello), receiver), |(first, mut receiver)| async move {
        let (name, content) = match first {
            Some(event) => event,
            None => next(&mut receiver).await?,
        };
        Some((Ok(sse::Event::default().event(name).data(&*content)), (None, receiver)))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

async fn next(receiver: &mut Receiver<(&'static str, Arc<str>)>) -> Option<(&'static str, Arc<str>)> {
    loop {
        match receiver.recv().await {
            Ok(event) => return Some(event),
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return None,
        }
    }
}
