"""Why a payment is refused: each with its code, and words for the player."""

from casino.lib.errors import DomainError


class NoCashier(DomainError):
    code = "demo_money_only"
    status = 403
    message = "The cashier is for real money. There is none to pay in or out here."


class NoProvider(DomainError):
    code = "temporarily_unavailable"
    status = 503
    message = "No payment provider takes this now. Try again later."


class BelowMinimum(DomainError):
    code = "amount_below_minimum"
    status = 422


class AboveMaximum(DomainError):
    code = "amount_above_maximum"
    status = 422


class NotEnough(DomainError):
    code = "insufficient_funds"
    status = 402
    message = "You have less than that available."


class TooManyOpen(DomainError):
    code = "limit_reached"
    status = 403
    message = "Too many payments are under way. Wait for one to end, or cancel one."


class FormUsed(DomainError):
    code = "idempotency_mismatch"
    status = 422
    message = "This form was sent before, with another amount. Look at your payments and try again."


class NoSuchPayment(DomainError):
    code = "not_found"
    status = 404
    message = "There is no such payment."


class TooLate(DomainError):
    code = "payment_not_open"
    status = 409
    message = "The payment is on its way to the provider or has ended: it cannot be changed any more."


class NotYours(DomainError):
    """Staff who decide about their own money, or alone about what needs two."""

    code = "second_person_needed"
    status = 403
    message = "Somebody else must decide this."


class CaseChanged(DomainError):
    code = "case_not_open"
    status = 409
    message = "The case has changed meanwhile. Look at it again."


class CannotEndSo(DomainError):
    code = "invalid_request"
    status = 400
    message = "The case cannot end in this way."


class MessageDiffers(DomainError):
    code = "idempotency_mismatch"
    status = 422
    message = "This webhook-id was used for another message."
