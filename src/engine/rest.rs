//! Whether anything is still under way of what failures have set off.

use super::nearness::Rare;
use super::state::{Root, SeatState, State};
use crate::model::{ClockId, Cone, CopyId, CrewId, DragId, Model, SeatId, UnitId};

/// What must be as it was at the beginning for everything to be over. Who is up again may still keep a crew from others,
/// or be without what it missed: what comes of that belongs to what failed before.
#[derive(Clone, Debug)]
pub(super) struct Rest {
    clocks: Vec<ClockId>,
    /// What others drag along, a while later.
    drags: Vec<DragId>,
    /// Units that are up as a rule.
    units: Vec<UnitId>,
    seats: Vec<SeatId>,
    /// Where it matters who serves: seats and who does as a rule. With another one it will be seen what comes of that.
    pub(super) usual: Vec<(SeatId, UnitId)>,
    /// Crews of people, and how many of each there are.
    crews: Vec<(CrewId, u32)>,
    copies: Vec<CopyId>,
}

impl Rest {
    /// Of what these clocks set off, by how everything is at first.
    pub(super) fn new(
        model: &Model,
        rare: Rare,
        cone: &Cone,
        (first, clocks): (&State, Vec<ClockId>),
    ) -> Rest {
        let crews = model.crews.iter().enumerate();
        let people = crews.filter(|(_, crew)| crew.reorder.is_none());
        let crews = people.map(|(index, _)| CrewId::new(index)).filter(|crew| cone.has_crew(*crew));
        Rest {
            drags: clocks.iter().filter_map(|at| model.clocks[at.index()].extras().drag).collect(),
            clocks,
            units: (0..model.units.len())
                .map(UnitId::new)
                .filter(|unit| cone.units[unit.index()] && first.is_up(*unit))
                .collect(),
            usual: Vec::new(),
            seats: model.rosters_in(cone).flat_map(|roster| roster.seats()).collect(),
            crews: crews.map(|crew| (crew, first.free[crew.index()])).collect(),
            copies: match rare {
                Rare::Outage(_) => Vec::new(),
                Rare::Loss(class) => {
                    let holding = model.holding(class);
                    (0..holding.count).map(|number| holding.copy(number)).collect()
                }
            },
        }
    }

    /// Whether all of it is over.
    pub(super) fn is_at(&self, state: &State) -> bool {
        self.clocks.iter().all(|clock| !state.is_active(*clock))
            && self.drags.iter().all(|drag| state.drag_roots[drag.index()] == Root::NOTHING)
            && self.units.iter().all(|unit| state.is_up(*unit))
            && self.seats.iter().all(|seat| self.is_usual(*seat, state.seats[seat.index()]))
            && self.crews.iter().all(|(crew, size)| state.free[crew.index()] == *size)
            && self.copies.iter().all(|copy| state.data.is_well(*copy))
    }

    /// Who serves that does not as a rule.
    pub(super) fn unusual(&self, state: &State) -> Option<UnitId> {
        let mut seats = self.seats.iter().map(|seat| (*seat, state.seats[seat.index()]));
        seats.find_map(|(seat, now)| match now {
            SeatState::Serving(unit) if !self.is_usual(seat, now) => Some(unit),
            _ => None,
        })
    }

    fn is_usual(&self, seat: SeatId, now: SeatState) -> bool {
        let SeatState::Serving(server) = now else { return false };
        let mut usual = self.usual.iter().filter(|(of, _)| *of == seat).peekable();
        usual.peek().is_none() || usual.any(|(_, unit)| *unit == server)
    }
}
