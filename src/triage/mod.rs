//! What became of each gap: its state, and the campaign that decides what is sent next and when to stop.
//!
//! Pure. It never believes what an agent says of itself; only reports written after the work move a gap
//! to [`GapState::Closed`].

mod answer;
pub mod audit;
mod batch;
mod campaign;
pub mod commit;
mod merge;
pub mod record;
pub mod review;
mod shard;
mod state;

pub use answer::{Answer, Remaining};
pub use batch::{Batch, Pick, batches};
pub use campaign::{
    Campaign, Learnt, Limits, Next, Standing, StopReason, TurnResult, Work, forecast_tokens,
};
pub use merge::{MergeError, Part, merge};
pub use shard::Shard;
pub use state::GapState;
