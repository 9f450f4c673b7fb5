//! What is counted for all nodes together: one too many is never counted, and what was counted is kept.

use std::{net::IpAddr, time::Duration};

use guard::{Binding, Timestamp, Use};
use ids::{OrganisationId, UseId};
use link::{Answer, Counted, Question, Questions};
use testkit::Kind;
use tokio::task::JoinSet;

use crate::harness::{T0, World};

const DAY: Duration = Duration::from_hours(24);

/// The organisations, by the demo's streams and what the outsider has.
fn token(world: &World, jti: &str) -> Counted {
    let policy = world.node.policy.lock().unwrap().clone();
    Counted {
        organisation: policy.stream(&world.stream().parse().unwrap()).unwrap().organisation,
        jti: jti.into(),
        expires: T0.plus(DAY),
    }
}

fn use_id(number: u64) -> UseId {
    UseId::mint(number, [3; 10])
}

async fn bind(questions: &Questions, token: Counted, last: u8, most: u32) -> Binding {
    let address = IpAddr::from([192, 0, 2, last]);
    match questions.ask(Question::Binding { token, address, most }).await {
        Some(Answer::Binding(binding)) => binding,
        other => panic!("{other:?}"),
    }
}

async fn reserve(questions: &Questions, token: Counted, number: u64, most: u32) -> Use {
    let id = use_id(number);
    match questions.ask(Question::Use { token, id, most }).await {
        Some(Answer::Use(uses)) => uses,
        other => panic!("{other:?}"),
    }
}

async fn what_is_counted_is_never_one_too_many(kind: Kind) {
    let world = World::on(kind).await;
    let questions = world.node.questions.clone();
    let mut bindings = JoinSet::new();
    for last in 0..20 {
        let (questions, token) = (questions.clone(), token(&world, "bound"));
        bindings.spawn(async move { (last, bind(&questions, token, last, 3).await) });
    }
    let bindings = bindings.join_all().await;
    let bound: Vec<_> = bindings
        .iter()
        .filter(|(_, binding)| *binding == Binding::Bound)
        .map(|(last, _)| *last)
        .collect();
    assert_eq!(bound.len(), 3, "{bindings:?}");
    let mut uses = JoinSet::new();
    for number in 0..20 {
        let (questions, token) = (questions.clone(), token(&world, "used"));
        uses.spawn(async move { (number, reserve(&questions, token, number, 2).await) });
    }
    let uses = uses.join_all().await;
    let reserved: Vec<_> = uses
        .iter()
        .filter(|(_, uses)| *uses == Use::Reserved)
        .map(|(number, _)| *number)
        .collect();
    assert_eq!(reserved.len(), 2, "{uses:?}");

    // What is given back is left again, once; what another organisation gives back is not ours.
    let own = token(&world, "used");
    questions.give_back(OrganisationId::mint(1, [1; 10]), use_id(reserved[0]));
    assert_eq!(reserve(&questions, own.clone(), 100, 2).await, Use::Exhausted);
    questions.give_back(own.organisation, use_id(reserved[0]));
    assert_eq!(reserve(&questions, own.clone(), 101, 2).await, Use::Reserved);
    assert_eq!(reserve(&questions, own, 102, 2).await, Use::Exhausted);

    // The same id in another organisation is another token.
    let outsider = world.outsider().await;
    let made = "mutation { createStream(input: {}) { stream { name } } }";
    let name = outsider.data(made, serde_json::json!({})).await["createStream"]["stream"]["name"].clone();
    let policy = world.node.policy.lock().unwrap().clone();
    let theirs = Counted {
        organisation: policy
            .stream(&name.as_str().unwrap().parse().unwrap())
            .unwrap()
            .organisation,
        ..token(&world, "used")
    };
    assert_eq!(reserve(&questions, theirs, 103, 1).await, Use::Reserved);

    let world = world.restarted().await;
    let questions = world.node.questions.clone();
    let known = token(&world, "bound");
    assert_eq!(bind(&questions, known.clone(), bound[0], 3).await, Binding::Bound);
    assert_eq!(bind(&questions, known, 99, 3).await, Binding::Elsewhere);
    assert_eq!(reserve(&questions, token(&world, "used"), 104, 2).await, Use::Exhausted);

    // A day after a token's end nothing of it is kept.
    world.pass(3 * DAY);
    let world = world.restarted().await;
    let late = Counted {
        expires: Timestamp::from_s(T0.s() + 5 * 86_400),
        ..token(&world, "used")
    };
    for number in 200.. {
        if reserve(&world.node.questions, late.clone(), number, 2).await == Use::Reserved {
            break;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_is_counted_is_never_one_too_many_and_survives_a_restart() {
    what_is_counted_is_never_one_too_many(Kind::Sqlite).await;
}

#[tokio::test]
async fn what_is_counted_is_never_one_too_many_and_survives_a_restart_on_postgresql() {
    what_is_counted_is_never_one_too_many(Kind::Postgres).await;
}

#[tokio::test]
async fn what_cannot_be_written_is_not_answered_and_hinders_nobody_else() {
    let world = World::new().await;
    let (questions, own) = (world.node.questions.clone(), token(&world, "used"));
    // No organisation that there is: the database refuses.
    let nobodys = Counted {
        organisation: OrganisationId::mint(1, [1; 10]),
        ..own.clone()
    };
    let ask = |token: Counted, number| {
        let (questions, id) = (questions.clone(), use_id(number));
        async move { questions.ask(Question::Use { token, id, most: 1 }).await }
    };
    let (refused, counted) = tokio::join!(ask(nobodys, 1), ask(own, 2));
    assert_eq!(refused, None);
    assert_eq!(counted, Some(Answer::Use(Use::Reserved)));
}
