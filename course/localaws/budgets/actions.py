"""Runs the actions of budgets: a managed policy is attached to roles, groups and users, with the rights of the action's role.

Matches AWS ("Configuring AWS Budgets actions"; API reference): statuses, approval, reversal and reset. A reversed action runs again in the
next period, or after a reset. Own rule, since AWS does not document it: with each new period every action waits for its threshold again.
"""

from __future__ import annotations

from course.localaws.budgets import messages, thresholds
from course.localaws.budgets.filters import invalid
from course.localaws.budgets.notifications import Notifier
from course.localaws.budgets.spending import limit
from course.localaws.budgets.store import Action, Budget
from course.localaws.core.errors import AwsError
from course.localaws.iam.principals import Principals
from course.localaws.platform import Platform

STANDBY, PENDING = "STANDBY", "PENDING"
EXECUTED, EXECUTION_FAILED = "EXECUTION_SUCCESS", "EXECUTION_FAILURE"
REVERSED, REVERSE_FAILED = "REVERSE_SUCCESS", "REVERSE_FAILURE"
# What ExecuteBudgetAction does -> the statuses in which it can.
_ALLOWED = {
    "APPROVE_BUDGET_ACTION": (PENDING,),
    "RETRY_BUDGET_ACTION": (EXECUTION_FAILED,),
    "REVERSE_BUDGET_ACTION": (EXECUTED, REVERSE_FAILED),
    "RESET_BUDGET_ACTION": (REVERSED, EXECUTED),
}
_KINDS = {"Roles": "Role", "Groups": "Group", "Users": "User"}


class Actions:
    """Evaluates, runs and reverses actions."""

    def __init__(self, platform: Platform, notifier: Notifier) -> None:
        self._platform, self._notifier = platform, notifier

    def evaluate(self, budget: Budget, action: Action, begin: float, moment: float) -> None:
        """Run an action, or ask for its approval, if its threshold is crossed for the first time in the period that began at ``begin``."""
        if action.period and action.period != begin and action.status != STANDBY:
            action.period = 0.0
            self.note(action, STANDBY, "SYSTEM", "A new budget period has begun.", moment)
        threshold = action.given["ActionThreshold"]
        value = budget.actual if action.given["NotificationType"] == "ACTUAL" else budget.forecast
        wanted = thresholds.amount(threshold["ActionThresholdValue"], threshold["ActionThresholdType"], limit(budget.given, moment))
        if action.status != STANDBY or not thresholds.is_crossed("GREATER_THAN", value, wanted):
            return
        action.period = begin
        if action.given["ApprovalModel"] == "MANUAL":
            self.note(action, PENDING, "SYSTEM", "The action's threshold was crossed. The action waits for an approval.", moment)
        else:
            self._attach(action, "SYSTEM", moment)
        subject = messages.subject(budget, f"has an action with the status {action.status}")
        self._notifier.send(budget, action.given["Subscribers"], subject, messages.acted(budget, action, self._platform.account, moment))

    def execute(self, action: Action, what: str) -> None:
        """ExecuteBudgetAction. Raises AwsError ``InvalidParameterException`` in a status in which it cannot be done."""
        if action.status not in _ALLOWED[what]:
            raise invalid(f"{what} is possible in the status {' or '.join(_ALLOWED[what])}; this action's status is {action.status}.")
        moment = self._platform.clock.now()
        if what == "RESET_BUDGET_ACTION":
            action.period = 0.0
            self.note(action, STANDBY, "EXECUTE_ACTION", "The action was reset.", moment)
        elif what == "REVERSE_BUDGET_ACTION":
            self._detach(action, moment)
        else:
            self._attach(action, "EXECUTE_ACTION", moment)

    def note(self, action: Action, status: str, event: str, message: str, moment: float) -> None:
        """Set an action's status and write its history.

        Parameters
        ----------
        event : str
            A value of ``EventType``.
        """
        action.status = status
        details = {"Message": message, "Action": shown(action)}
        action.history.append({"Timestamp": moment, "Status": status, "EventType": event, "ActionHistoryDetails": details})

    def _attach(self, action: Action, event: str, moment: float) -> None:
        try:
            self._change(action, "Attach")
        except AwsError as error:
            self.note(action, EXECUTION_FAILED, event, f"The policy could not be attached: {error.message}", moment)
        else:
            self.note(action, EXECUTED, event, "The policy was attached.", moment)

    def _detach(self, action: Action, moment: float) -> None:
        try:
            self._change(action, "Detach")
        except AwsError as error:
            self.note(action, REVERSE_FAILED, "EXECUTE_ACTION", f"The policy could not be detached: {error.message}", moment)
        else:
            self.note(action, REVERSED, "EXECUTE_ACTION", "The policy was detached.", moment)

    def _change(self, action: Action, verb: str) -> None:
        """Attach or detach the policy. All rights are checked before anything is changed. Raises AwsError."""
        definition = action.given["Definition"]["IamActionDefinition"]
        identity, policy = self._platform.identity, definition["PolicyArn"]
        targets = [(kind, name.rpartition("/")[2]) for members, kind in _KINDS.items() for name in definition.get(members, ())]
        for kind, name in targets:
            arn = identity.moto.run(lambda kind=kind, name=name: getattr(Principals(identity.moto.iam()), kind.lower())(name).arn)
            right = f"iam:{verb}{kind}Policy"
            if refused := identity.refusal(action.given["ExecutionRoleArn"], right, arn, {"iam:PolicyARN": [policy]}):
                raise AwsError("AccessDeniedException", refused)
        for kind, name in targets:
            identity.moto.ask("iam", f"{verb}{kind}Policy", **{f"{kind}Name": name, "PolicyArn": policy})


def shown(action: Action) -> dict:
    """The ``Action`` of an answer."""
    return {"ActionId": action.id, "Status": action.status} | action.given
