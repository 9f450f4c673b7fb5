//! One token on two nodes.

use std::sync::Arc;

use ids::NodeId;
use misuse::{Event, Finding, Indicator, Stay, What};

use crate::{
    signs::{detect, most, most_of, spot},
    traffic::{Maker, PAGE, Visit, user_of},
};

#[test]
fn a_token_on_two_nodes_is_found_while_both_are_watched() {
    let points = |sessions: &[Played]| most(&play(sessions), Indicator::Nodes);
    assert_eq!(points(&[("t", 1, 0, 600, 0), ("t", 1, 0, 600, 0)]), None, "one node");
    assert_eq!(
        points(&[("t", 1, 0, 600, 0), ("t", 2, 0, 600, 0)]),
        Some(5),
        "two, from one address"
    );
    assert_eq!(
        points(&[("t", 1, 0, 300, 0), ("t", 2, 300, 300, 0)]),
        None,
        "one after the other"
    );
    assert_eq!(
        points(&[("t", 1, 0, 300, 60), ("t", 2, 300, 300, 0)]),
        None,
        "led to another node; what is left behind gets nothing"
    );
    assert_eq!(
        points(&[("t", 1, 0, 300, 0), ("t", 2, 280, 300, 0)]),
        None,
        "beside each other for a moment"
    );
}

#[test]
fn a_viewer_with_two_tokens_may_be_on_two_nodes() {
    let points = |sessions: &[Played]| most_of(&play(sessions), &user_of("u"), Indicator::Nodes);
    assert_eq!(points(&[("t", 1, 0, 600, 0), ("other", 2, 0, 600, 0)]), None);
    assert_eq!(points(&[("t", 1, 0, 600, 0), ("t", 2, 0, 600, 0)]), Some(5));
}

/// A token, the number of a node; from when, for how long, and how long it stays behind, in seconds.
type Played = (&'static str, u128, u64, u64, u64);

/// Sessions of one viewer, from one address.
fn play(sessions: &[Played]) -> Vec<Finding> {
    let (mut maker, home) = (Maker::new(0), spot(1, 64_500, "DE"));
    for (token, _, from_s, for_s, lingers_s) in sessions {
        maker.visit(&Visit {
            token,
            user: Some("u"),
            page: PAGE,
            spot: &home,
            from_s: *from_s,
            for_s: *for_s,
            lingers_s: *lingers_s,
        });
    }
    let mut nodes = sessions.iter().map(|(_, node, ..)| *node);
    let on_its_node = |event: Event| match event.what {
        What::Started(stay) => {
            let node = nodes.next().expect("a session for each");
            let node = NodeId::from_uuid(uuid::Uuid::from_u128(node));
            let stay = Arc::new(Stay {
                node,
                ..Stay::clone(&stay)
            });
            Event {
                what: What::Started(stay),
                ..event
            }
        }
        what => Event { what, ..event },
    };
    detect(maker.events().into_iter().map(on_its_node).collect())
}
