//! Repairs and starts: their stages, and the people who do them.

use super::{Chooser, Step};
use crate::engine::state::{Progress, State};
use crate::model::{ClockId, CrewId, JobId, QueueId, Repair, SpareId, Stage, Task, UnitId};
use crate::spec::Discipline;

impl<C: Chooser> Step<'_, C> {
    /// A repair or a start begins with its first stage.
    #[inline]
    pub(super) fn begin(&mut self, job: JobId, task: Task) {
        self.begin_stage(job, &self.model.stages_of(task)[0], 0);
    }

    #[inline]
    fn begin_stage(&mut self, job: JobId, spec: &Stage, stage: u32) {
        match spec.crew {
            None => self.chooser.work_begins(job, spec, stage, None),
            Some(crew) => self.ask(crew, job),
        }
    }

    /// A stage of a repair is over, and with the last one the failure.
    #[inline]
    pub(super) fn repaired(&mut self, clock: ClockId) {
        let Repair::After(task) = self.model.clocks[clock.index()].repair else {
            unreachable!("only a repair that takes time ends");
        };
        let job = self.model.repair_job(clock);
        if self.model.clocks[clock.index()].is_grey && self.state.jobs[job.index()].stage == 0 {
            self.notice(clock);
        }
        if self.is_through(job, task) {
            self.restore(clock);
        }
    }

    /// A stage of a start is over, and with the last one the unit is up.
    #[inline]
    pub(super) fn started(&mut self, unit: UnitId) {
        let Some(task) = self.model.units[unit.index()].start else {
            unreachable!("only a start that takes time ends");
        };
        if self.is_through(self.model.start_job(unit), task) {
            self.state.events += 1;
            self.state.root = self.state.units[unit.index()].root;
            self.comes_up(unit);
        }
    }

    /// A stage of a job is over: the next one begins, unless it was the last.
    #[inline]
    fn is_through(&mut self, job: JobId, task: Task) -> bool {
        let model = self.model;
        let stages = model.stages_of(task);
        if let [Stage { crew: None, .. }] = stages {
            return true;
        }
        let stage = self.state.jobs[job.index()].stage;
        if let Some(crew) = stages[stage as usize].crew {
            let crew = self.state.crew_now(job, crew);
            self.give_back(crew, stages[stage as usize].people);
            self.is_nobodys(job);
            // Whoever is free now may be needed for the next stage too, but others have waited longer.
            self.serve(crew);
        }
        let next = stage + 1;
        if next == task.count.get() {
            self.state.jobs[job.index()].stage = 0;
            return true;
        }
        self.state.jobs[job.index()].stage = next;
        self.begin_stage(job, &stages[next as usize], next);
        false
    }

    /// A start ends before it is through.
    pub(super) fn cut_short(&mut self, job: JobId) {
        let model = self.model;
        let state = self.state.jobs[job.index()];
        let spec = model.stage(job, state.stage);
        self.state.jobs[job.index()].stage = 0;
        let Some(crew) = spec.crew else {
            self.chooser.work_is_cut_short(job);
            return;
        };
        let crew = self.state.crew_now(job, crew);
        if state.progress == Progress::Working {
            self.chooser.work_is_cut_short(job);
            self.give_back(crew, spec.people);
        } else {
            self.leave(State::queue_of(model, crew, job), job);
        }
        self.nobody_else_is_called(job, crew);
        self.is_nobodys(job);
        // Also if it only waited: the one behind it may need fewer people.
        self.serve(crew);
    }

    /// A job stays with a crew, or nobody has to do with it any more.
    fn nobody_else_is_called(&mut self, job: JobId, crew: CrewId) {
        if self.model.crews[crew.index()].escalates.is_some() {
            self.chooser.answer_is_not_awaited(job);
        }
    }

    /// No crew has to do with a job any more.
    fn is_nobodys(&mut self, job: JobId) {
        self.state.jobs[job.index()].progress = Progress::Free;
        if let Some(handed) = self.state.handed_to.get_mut(job.index()) {
            *handed = None;
        }
    }

    fn stage_of(&self, job: JobId) -> (&Stage, u32) {
        let stage = self.state.jobs[job.index()].stage;
        (self.model.stage(job, stage), stage)
    }

    /// A job for a crew: it waits in line until enough people are free and at work.
    fn ask(&mut self, crew: CrewId, job: JobId) {
        self.state.jobs[job.index()].progress = Progress::Waiting;
        self.line_up(State::queue_of(self.model, crew, job), job);
        if self.model.crews[crew.index()].escalates.is_some() {
            let stage = self.state.jobs[job.index()].stage;
            self.chooser.answer_is_awaited(job, stage, crew);
        }
        self.serve(crew);
    }

    /// Nobody of a crew has answered a job, waiting as it is or in somebody's hands who has not begun:
    /// it goes to others.
    pub(super) fn escalated(&mut self, job: JobId) {
        let model = self.model;
        let (spec, _) = self.stage_of(job);
        let people = spec.people;
        let Some(crew) = spec.crew.map(|crew| self.state.crew_now(job, crew)) else { return };
        let Some((_, to)) = &model.crews[crew.index()].escalates else { return };
        if self.state.jobs[job.index()].progress == Progress::Working {
            self.chooser.work_is_cut_short(job);
            self.give_back(crew, people);
        } else {
            self.leave(State::queue_of(model, crew, job), job);
        }
        self.state.handed_to[job.index()] = Some(*to);
        self.ask(*to, job);
        // Whoever had not answered is free, or one fewer waits.
        self.serve(crew);
    }

    /// Gives people who are free to jobs that wait.
    pub(super) fn serve(&mut self, crew: CrewId) {
        let model = self.model;
        let spec = &model.crews[crew.index()];
        if spec.picks == Discipline::RandomKind {
            self.race(crew);
            return;
        }
        let queue = QueueId::from_index(spec.queues.start);
        while let Some(job) = self.state.queues[queue.index()].first {
            if !self.chooser.is_open(crew) {
                self.chooser.opening_is_awaited(crew);
                return;
            }
            let people = self.stage_of(job).0.people;
            if self.state.free[crew.index()] < people && !self.put_aside_for(crew, job, people) {
                return;
            }
            self.leave(queue, job);
            self.take(crew, job);
        }
    }

    /// Somebody takes a job.
    fn take(&mut self, crew: CrewId, job: JobId) {
        let stage = self.state.jobs[job.index()].stage;
        let spec = self.model.stage(job, stage);
        self.state.free[crew.index()] -= spec.people;
        if self.model.crews[crew.index()].reorder.is_some() {
            self.order(crew);
        }
        let before = self.state.jobs[job.index()].progress;
        self.state.jobs[job.index()].progress = Progress::Working;
        match before {
            Progress::PutAside => {
                // Somebody who goes on with it has answered.
                self.nobody_else_is_called(job, crew);
                self.chooser.work_resumes(job, crew);
            }
            _ => self.chooser.work_begins(job, spec, stage, Some(crew)),
        }
    }

    /// Whoever has worked is free again; spare parts are used up.
    fn give_back(&mut self, crew: CrewId, people: u32) {
        if self.model.crews[crew.index()].reorder.is_none() {
            self.state.free[crew.index()] += people;
        }
    }

    /// A spare part is taken and another one ordered; a job takes one.
    fn order(&mut self, stock: CrewId) {
        let mut spares = self.model.crews[stock.index()].spares.clone().map(SpareId::from_index);
        if let Some(spare) = spares.find(|spare| !self.state.is_ordered[spare.index()]) {
            self.state.is_ordered[spare.index()] = true;
            self.chooser.spare_is_ordered(spare);
        }
    }

    /// A spare part is there: for the job that has waited longest, if any has.
    pub(super) fn arrived(&mut self, spare: SpareId) {
        let stock = self.model.spares[spare.index()];
        self.state.is_ordered[spare.index()] = false;
        self.state.free[stock.index()] += 1;
        self.serve(stock);
    }

    /// Puts less urgent work aside until enough people are free; whether that was possible.
    fn put_aside_for(&mut self, crew: CrewId, job: JobId, people: u32) -> bool {
        let model = self.model;
        if model.crews[crew.index()].picks != Discipline::Preemptive {
            return false;
        }
        let urgency = self.priority(job);
        while self.state.free[crew.index()] < people {
            let works_for = |other: &JobId| {
                self.state.crew_at_work(model, *other) == Some(crew)
                    && self.priority(*other) > urgency
            };
            // The least urgent, and of several the one that is last in the model: any rule will do
            // that does not depend on memory.
            let jobs = (0..self.state.jobs.len()).map(JobId::new).filter(works_for);
            let Some(other) = jobs.max_by_key(|other| self.priority(*other)) else {
                return false;
            };
            let freed = self.stage_of(other).0.people;
            self.chooser.work_pauses(other, crew);
            self.state.free[crew.index()] += freed;
            self.state.jobs[other.index()].progress = Progress::PutAside;
            self.line_up(State::queue_of(model, crew, other), other);
        }
        true
    }

    /// How urgent a job is: lower numbers come first. A start is as urgent as can be.
    fn priority(&self, job: JobId) -> u32 {
        self.model.clocks.get(job.index()).map_or(0, |clock| clock.extras().priority)
    }

    /// Puts a job at the end of its line; where urgency counts, behind those as urgent as it.
    fn line_up(&mut self, queue: QueueId, job: JobId) {
        let crew = self.model.queues[queue.index()];
        let by_urgency = matches!(
            self.model.crews[crew.index()].picks,
            Discipline::Priority | Discipline::Preemptive
        );
        let mut previous = self.state.queues[queue.index()].last;
        let mut next = None;
        // What was put aside goes before those as urgent as it, which came later.
        let is_old = self.state.jobs[job.index()].progress == Progress::PutAside;
        while let Some(before) = previous
            && by_urgency
            && (self.priority(before) > self.priority(job)
                || is_old && self.priority(before) == self.priority(job))
        {
            next = previous;
            previous = self.state.jobs[before.index()].previous;
        }
        let state = &mut self.state.jobs[job.index()];
        (state.previous, state.next) = (previous, next);
        match previous {
            Some(previous) => self.state.jobs[previous.index()].next = Some(job),
            None => self.state.queues[queue.index()].first = Some(job),
        }
        match next {
            Some(next) => self.state.jobs[next.index()].previous = Some(job),
            None => self.state.queues[queue.index()].last = Some(job),
        }
    }

    /// Takes a job out of its line.
    fn leave(&mut self, queue: QueueId, job: JobId) {
        let state = &mut self.state.jobs[job.index()];
        let (previous, next) = (state.previous.take(), state.next.take());
        match previous {
            Some(previous) => self.state.jobs[previous.index()].next = next,
            None => self.state.queues[queue.index()].first = next,
        }
        match next {
            Some(next) => self.state.jobs[next.index()].previous = previous,
            None => self.state.queues[queue.index()].last = previous,
        }
    }

    /// Lines of jobs race one another for whoever is free.
    fn race(&mut self, crew: CrewId) {
        let is_anybody_free = self.state.free[crew.index()] > 0;
        for queue in self.model.crews[crew.index()].queues() {
            let state = &mut self.state.queues[queue.index()];
            let should_be = is_anybody_free && state.first.is_some();
            match (std::mem::replace(&mut state.is_answered, should_be), should_be) {
                (false, true) => self.chooser.answer_begins(queue),
                (true, false) => self.chooser.answer_is_called_off(queue),
                _ => {}
            }
        }
    }

    /// Somebody has turned to a line of jobs and takes its first.
    pub(super) fn answered(&mut self, queue: QueueId) {
        let crew = self.model.queues[queue.index()];
        self.state.queues[queue.index()].is_answered = false;
        if let Some(job) = self.state.queues[queue.index()].first {
            self.leave(queue, job);
            self.take(crew, job);
        }
        self.race(crew);
    }
}
