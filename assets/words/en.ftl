# The client's own words in English. Studies bring their own texts.

## What screens have in common
close = Close
close-key = or press Esc
you = You
partner = Partner
## Start
start-title = Welcome to Dyad
start-text = Enter the link or the address that the experimenter gave you.
start-mistake = This is not the link of a lab. It begins with dyad://, or is an address such as 192.168.1.20:8642.
start-join = Join
start-drop = A .join file can also be dropped on this window.

## Connecting
connecting-title = Connecting to the lab
connecting-trouble = The lab does not answer.
connecting-patience = Dyad keeps trying. If this lasts, check that this computer is on the network, and tell the experimenter.
connecting-elsewhere = Use another link

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
meeting-text = Your computers are connecting.
meeting-soon = This takes a few seconds.
meeting-long = This takes longer than usual. Dyad keeps trying for a minute.

## Game
game-round = Round
game-round-of = { $round } of { $rounds }
game-points = Points
game-time-left = Time left
game-program-plays = A program plays your part
keys-walk = or W A S D: walk
keys-walk-short = walk
keys-act = or Enter: pick up, put down
keys-act-short = pick up, put down
key-space = Space
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
game-over-away = Somebody was away for too long.
game-stalled = Waiting for your partner
game-stalled-text = The game goes on as soon as your computers hear each other again.
game-interrupted = The connection was lost
game-interrupted-text = Your computer is looking for your partner's. Nothing of the game is lost; it goes on after a short countdown. Please stay here, for { $seconds ->
    [one] { $seconds } second
   *[other] { $seconds } seconds
} at most.
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
legend-deliver-for = deliver: { $points }
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

## Problem
problem-title = This did not work
problem-text = Please show this to the experimenter. Closing Dyad and opening your link again may help.
problem-unknown = The program cannot go on.
problem-records = Your game so far is saved in { $folder }
