# The client's own words in English. Studies bring their own texts.

## What screens have in common
close = Close
close-key = or press Esc
continue = Continue
you = You
partner = Partner
text-smaller = Smaller text
text-larger = Larger text
contrast-more = More contrast
contrast-usual = Usual contrast
language-name = English

## Start
start-title = Welcome to Dyad
start-text = Paste the link or the address that the experimenter gave you.
start-mistake = This is not the link of a lab. Such a link begins with dyad://; an address looks like 192.168.1.20:8642.
start-join = Join
start-drop = A .join file can also be dropped on this window.

## Connecting
connecting-title = Connecting to the lab
connecting-trouble = The lab does not answer.
connecting-patience = Dyad keeps trying. If this lasts, check that this computer is on the network, and tell the experimenter.
connecting-elsewhere = Use another link
unreached-no-answer = The lab machine does not answer.
unreached-nothing-listens = Nothing listens at this address; is the lab running, and is the address right?
unreached-no-lab = What answers at this address is no Dyad lab (HTTP { $status }).
unreached-another-computer = The computer at this address is not the one that the link was made for; ask the experimenter for the link again.
unreached-hung-up = The lab machine closed the connection.
unreached-silent = The lab machine has fallen silent.
unreached-closes = The lab is closing.
unreached-lost = The connection to the lab was lost ({ $why }).

## Waiting room
waiting-title = Waiting for a partner
waiting-count = { $here } of { $needed } people are here.
waiting-stay = The game starts by itself. Please stay at this window.
waiting-left = You wait for { $time } more at most.
waiting-trouble = The lab is out of reach at the moment.
waiting-leave = Leave
waiting-leave-title = Leave the waiting room?
waiting-leave-text = Your place is given up, and you do not play.
waiting-leave-sure = Leave
waiting-stay-here = Keep waiting

## Meeting
meeting-title = Partner found
meeting-alone = Your game begins
meeting-text = Your computers are connecting.
meeting-soon = This takes a few seconds.
meeting-long = This takes longer than usual. Dyad keeps trying for a minute.

## Game
game-round = Round
game-round-of = { $round } of { $rounds }
game-points = Points
game-time-left = Time left
game-program-plays = A program plays your part
keys-walk = or { $others }: walk
keys-walk-short = walk
keys-act = or { $others }: pick up, put down
keys-act-short = pick up, put down
keys-use = or { $others }: use
keys-use-short = use
key-space = Space
key-enter = Enter
key-backspace = Backspace
key-shift = Shift
key-control = Ctrl
key-numpad = Num { $key }
game-between = Round { $round } is over
game-between-points = { $points ->
    [one] You earned { $points } point together.
   *[other] You earned { $points } points together.
} The next round begins in a moment.
game-last = That was the last round
game-last-points = { $points ->
    [one] You earned { $points } point together in it.
   *[other] You earned { $points } points together in it.
}
game-over = The game is over
game-stalled = Waiting for your partner
game-stalled-text = The game goes on as soon as your computers hear each other again.
game-interrupted = The connection to your partner was lost
game-interrupted-text = Your computer is looking for your partner's. Nothing of the game is lost; it goes on after a short countdown. Please stay here, for { $seconds ->
    [one] { $seconds } second
   *[other] { $seconds } seconds
} at most.
connection-good = The connection is good
connection-fair = The connection is slow at times
connection-poor = The connection is bad
connection-unknown = The connection is being measured
connection-figures = { $there-and-back } ms there and back
partner-program = Your partner is a computer program
partner-programs = Your partners are computer programs
partner-program-among = Some of your partners are computer programs

## A warning of the lab
warning-slow = Your connection has become slow. Please close other programs and stop downloads.
warning-seen = All right

## Somebody is away
away-me = Click here to come back to the game
away-me-on = It goes on without you.
away-me-waits = It waits for you.
away-me-ends = { $seconds ->
    [one] After { $seconds } more second in other windows, it ends for both of you.
   *[other] After { $seconds } more seconds in other windows, it ends for both of you.
}
away-partner = Your partner is away
away-partner-waits = The game waits for your partner, who is in another window.
away-partner-ends = { $seconds ->
    [one] If that lasts for { $seconds } more second, the game ends.
   *[other] If that lasts for { $seconds } more seconds, the game ends.
}
away-paused = The game is paused
away-window = Come back to the game
away-window-ends = Come back: the game ends in { $seconds } s

## How a task is played
legend-onions = { $count } onions
legend-tomatoes = { $count } tomatoes
legend-of-one-kind = { $count } of one kind
legend-cook = cook for { $seconds } s
legend-plate = take a plate
legend-fill = fill it
legend-deliver = deliver
legend-points = +{ $points }
legend-points-each = +{ $points } each
legend-points-if-needed = +{ $points } if needed
legend-you = you
legend-flag = walk to the flag

## Saving
saving-title = Saving your game
saving-here = Saved on this computer: { $done } of { $all }
saving-lab = Received by the lab: { $done } of { $all }
saving-stay = Please leave this window open for a moment.
saving-trouble = The lab has not received everything yet.
saving-not-lost = Nothing is lost: what is saved on this computer is sent the next time Dyad starts.

## Done
done-title = Thank you
done-early = The game ended early
done-kept = Some of your game has not reached the lab yet.
done-kept-text = It is safe on this computer and is sent the next time Dyad starts. Please tell the experimenter.
done-saved = Everything is saved. You can close this window now.
done-nothing = Nothing was recorded. Please tell the experimenter.
ended-me-away = You were away from the game for too long.
ended-partner-away = Your partner was away for too long.
ended-both-away = You and your partner were away from the game for too long.
ended-partner-left = Your partner left.
ended-partner-lost = The connection to your partner was lost.
ended-not-connected = Your partner's computer was not reached.
ended-not-resumed = The game could not go on.
ended-refused = Your computer and your partner's could not play this game together.
ended-left = You left.

## Not let in
refused-title = The lab has not let you in
refused-version = This program and the lab's do not fit together. Please ask the experimenter for the one that does.
refused-token = This lab does not know the link. Please check that it is complete, or ask the experimenter for a new one.
refused-malformed = The lab does not understand this program. Please ask the experimenter for the one that fits.
refused-duplicate = You are connected already, in another window. Please close that one first, and try again.
refused-closed = The lab takes nobody at the moment. Please try again later.

## Problem
problem-title = This did not work
problem-text = Please show this to the experimenter. Closing Dyad and opening your link again may help.
problem-unknown = The program cannot go on.
problem-records = Your game so far is saved in { $folder }

## Consent
consent-title = Information and consent
consent-agree = I agree
consent-decline = I do not agree
consent-sure-title = You would rather not take part?
consent-sure-text = That is perfectly fine. Nobody asks you for a reason.
consent-sure-end = End here
consent-sure-back = Back to the text

## Pages to read
page-wait = { $seconds ->
    [one] You can go on in { $seconds } second.
   *[other] You can go on in { $seconds } seconds.
}
picture-broken = This picture cannot be shown.
picture-coming = This picture is on its way.

## Who may take part
screening-title = Before you begin

## Forms
form-title = Some questions
form-send = Send
form-required = Please answer this question.
form-missing = { $count ->
    [one] One question needs your attention.
   *[other] { $count } questions need your attention.
}
form-optional = You may leave this out.
form-choose-one = Choose one.
form-choose-any = Choose as many as fit.
form-choose-exactly = Choose { $count }.
form-choose-least = Choose { $least } or more.
form-choose-most = Choose up to { $most }.
form-choose-between = Choose { $least } to { $most }.
form-other-hint = please say what
form-other-missing = Please write something there, or choose another answer.
form-other-same = This is one of the answers above; please choose it there.
form-scale-hint = Click on the scale, or use the arrow keys.
form-scale-point = { $point } of { $points }
form-number-wrong = Please write a number, such as { $example }.
form-number-least = The number is { $least } or more.
form-number-most = The number is { $most } or less.
form-number-between = The number is between { $least } and { $most }.
form-number-whole = Please write a whole number.
form-number-decimals = { $most ->
    [one] Please write one digit after the decimal point at most.
   *[other] Please write { $most } digits after the decimal point at most.
}
form-text-short = { $least ->
    [one] Please write something.
   *[other] Please write { $least } characters or more.
}
form-text-long = You have written { $length } characters; there is room for { $most }.
form-text-count = { $length } of { $most } characters
form-text-pattern = This does not look as it should.
form-kind = Please choose one of the answers.

## The end
end-finished-title = Thank you
end-finished-text = You have finished the study.
end-no-partner-title = Nobody came to play with
end-no-partner-text = We are sorry: there was no partner for you this time.
end-partner-left-title = Your partner has left
end-partner-left-text = The game cannot go on without your partner. This is not your fault.
end-lost-connection-title = The connection was lost
end-lost-connection-text = The game could not go on, as the connection did not come back in time.
end-excluded-title = The game has ended
end-excluded-text = The game has ended for a reason that the study's rules name. What you did until then is kept.
end-game-title = The game has ended
end-away-text = You were away from the game for too long, so it ended for everybody. What you did until then is kept.
end-partner-away-text = Your partner was away for too long, so the game ended. This is not your fault.
end-partner-lost-text = The connection to your partner did not come back in time, so the game ended. This is not your fault.
end-slow-text = The connection was too slow to go on playing. What you did until then is kept.
end-screened-out-title = This study does not fit
end-screened-out-text = Thank you for your interest. You, or this computer, do not meet what this study asks for.
end-withdrew-title = You have ended the study
end-withdrew-text = Thank you for your interest. You can close this window.
end-code = Your code
end-code-text = Please copy this code: it shows that you took part.
end-copy = Copy the code
end-copied = Copied
end-open = Open the last page of your study
end-open-text = It opens in your browser.
end-wait-for-lab = Please leave this window open until the lab has received everything.

scene-moment = One moment
scene-checking = This computer and its connection are being checked.
scene-unreadable = This program is too old for this study
scene-unreadable-text = The lab shows something here that it does not know. Please tell the experimenter.
scene-leave = Leave the study
scene-leave-sure = Leave for good?
scene-leave-yes = Leave
scene-leave-no = Stay
