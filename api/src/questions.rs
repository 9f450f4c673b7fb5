//! What nodes ask, handed to whoever knows. Whoever takes long delays nobody else, and nothing here waits for anybody:
//! what there is no room for is not answered, and refuses at the node.

use std::sync::Arc;

use link::{Answer, Question, Waiting};
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio_util::sync::CancellationToken;

use crate::{counted, jwks, state::State, webhooks};

/// The task. Ends when `stop` is cancelled; what was to be counted by then is counted.
pub(crate) async fn run(state: Arc<State>, mut questions: mpsc::Receiver<Waiting>, stop: CancellationToken) {
    let (count, counting) = mpsc::channel(CROWD);
    let counter = tokio::spawn(counted::run(state.clone(), counting));
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            waiting = questions.recv() => match waiting {
                Some(waiting) => hand(&state, &count, waiting),
                None => break,
            },
        }
    }
    questions.close();
    while let Some(waiting) = questions.recv().await {
        hand(&state, &count, waiting);
    }
    drop(count);
    if let Err(error) = counter.await {
        tracing::error!(%error, "what was asked last was not counted");
    }
}

fn hand(state: &Arc<State>, count: &mpsc::Sender<Waiting>, waiting: Waiting) {
    match &waiting.question {
        Question::Binding { .. } | Question::Use { .. } | Question::GiveBack { .. } => {
            let Err(TrySendError::Full(waiting)) = count.try_send(waiting) else {
                return;
            };
            // Whoever asked is refused; what is given back waits.
            if matches!(waiting.question, Question::GiveBack { .. }) {
                let count = count.clone();
                tokio::spawn(async move { count.send(waiting).await.is_ok() });
            }
        }
        &Question::Key { organisation, .. } => {
            // A node asks so once in a while for each organisation, whatever its viewers show.
            let state = state.clone();
            tokio::spawn(async move {
                match jwks::look_again(&state, organisation).await {
                    Ok(()) => waiting.answer(Answer::Looked),
                    Err(fault) => tracing::warn!(?fault, "sets of keys were not looked at again"),
                }
            });
        }
        Question::Backend(_) => webhooks::hand(state, waiting),
    }
}

/// How many may wait to be counted.
const CROWD: usize = 4096;
