# Die eigenen Wörter des Programms auf Deutsch. Studien bringen ihre eigenen Texte mit.

## Was Seiten gemeinsam haben
close = Schließen
close-key = oder Esc drücken
continue = Weiter
you = Sie
partner = Partner
text-smaller = Kleinere Schrift
text-larger = Größere Schrift
contrast-more = Mehr Kontrast
contrast-usual = Üblicher Kontrast
language-name = Deutsch

## Anfang
start-title = Willkommen bei Dyad
start-text = Fügen Sie den Link oder die Adresse ein, die Sie von der Versuchsleitung bekommen haben.
start-mistake = Das ist nicht der Link eines Labors. Ein solcher beginnt mit dyad://; eine Adresse sieht aus wie 192.168.1.20:8642.
start-join = Teilnehmen
start-drop = Sie können auch eine .join-Datei auf dieses Fenster ziehen.

## Verbinden
connecting-title = Verbindung zum Labor
connecting-trouble = Das Labor antwortet nicht.
connecting-patience = Dyad versucht es weiter. Wenn das anhält, prüfen Sie, ob dieser Computer im Netz ist, und sagen Sie der Versuchsleitung Bescheid.
connecting-elsewhere = Einen anderen Link eingeben
unreached-no-answer = Der Computer des Labors antwortet nicht.
unreached-nothing-listens = Unter dieser Adresse ist kein Programm zu erreichen. Läuft das Labor, und stimmt die Adresse?
unreached-no-lab = Was unter dieser Adresse antwortet, ist kein Labor von Dyad (HTTP { $status }).
unreached-another-computer = Der Computer unter dieser Adresse ist nicht der, für den der Link gemacht wurde. Bitten Sie die Versuchsleitung noch einmal um den Link.
unreached-hung-up = Der Computer des Labors hat die Verbindung beendet.
unreached-silent = Der Computer des Labors ist verstummt.
unreached-closes = Das Labor schließt gerade.
unreached-lost = Die Verbindung zum Labor ist abgebrochen ({ $why }).

## Warteraum
waiting-title = Warten auf einen Partner
waiting-count = { $here } von { $needed } Personen sind da.
waiting-stay = Das Spiel beginnt von selbst. Bitte bleiben Sie an diesem Fenster.
waiting-left = Sie warten höchstens noch { $time }.
waiting-trouble = Das Labor ist gerade nicht zu erreichen.
waiting-leave = Verlassen
waiting-leave-title = Den Warteraum verlassen?
waiting-leave-text = Ihr Platz wird frei, und Sie spielen nicht mit.
waiting-leave-sure = Verlassen
waiting-stay-here = Weiter warten

## Kennenlernen
meeting-title = Partner gefunden
meeting-alone = Ihr Spiel beginnt
meeting-text = Ihre Computer verbinden sich.
meeting-soon = Das dauert einige Sekunden.
meeting-long = Das dauert länger als sonst. Dyad versucht es eine Minute lang weiter.

## Spiel
game-round = Runde
game-round-of = { $round } von { $rounds }
game-points = Punkte
game-time-left = Restzeit
game-program-plays = Ein Programm spielt für Sie
keys-walk = oder { $others }: gehen
keys-walk-short = gehen
keys-act = oder { $others }: nehmen, ablegen
keys-act-short = nehmen, ablegen
keys-use = oder { $others }: benutzen
keys-use-short = benutzen
key-space = Leertaste
key-enter = Enter
key-backspace = Rücktaste
key-shift = Umschalt
key-control = Strg
key-numpad = Num { $key }
game-between = Runde { $round } ist vorbei
game-between-points = { $points ->
    [one] Sie haben zusammen { $points } Punkt erreicht.
   *[other] Sie haben zusammen { $points } Punkte erreicht.
} Gleich beginnt die nächste Runde.
game-last = Das war die letzte Runde
game-last-points = { $points ->
    [one] Sie haben darin zusammen { $points } Punkt erreicht.
   *[other] Sie haben darin zusammen { $points } Punkte erreicht.
}
game-over = Das Spiel ist zu Ende
game-stalled = Warten auf Ihren Partner
game-stalled-text = Das Spiel geht weiter, sobald Ihre Computer wieder voneinander hören.
game-interrupted = Die Verbindung zu Ihrem Partner ist abgerissen
game-interrupted-text = Ihr Computer sucht den Ihres Partners. Vom Spiel geht nichts verloren; nach einem kurzen Countdown geht es weiter. Bitte bleiben Sie hier, höchstens { $seconds ->
    [one] { $seconds } Sekunde
   *[other] { $seconds } Sekunden
}.
connection-good = Die Verbindung ist gut
connection-fair = Die Verbindung ist zeitweise langsam
connection-poor = Die Verbindung ist schlecht
connection-unknown = Die Verbindung wird gemessen
connection-figures = { $there-and-back } ms hin und zurück
partner-program = Sie spielen mit einem Computerprogramm
partner-programs = Sie spielen mit Computerprogrammen
partner-program-among = Einige, mit denen Sie spielen, sind Computerprogramme

## Eine Warnung des Labors
warning-slow = Ihre Verbindung ist langsam geworden. Bitte schließen Sie andere Programme und halten Sie Downloads an.
warning-seen = In Ordnung

## Jemand ist weg
away-me = Klicken Sie hier, um zum Spiel zurückzukommen
away-me-on = Es geht ohne Sie weiter.
away-me-waits = Es wartet auf Sie.
away-me-ends = { $seconds ->
    [one] Nach { $seconds } weiteren Sekunde in anderen Fenstern endet es für Sie beide.
   *[other] Nach { $seconds } weiteren Sekunden in anderen Fenstern endet es für Sie beide.
}
away-partner = Ihr Partner ist weg
away-partner-waits = Das Spiel wartet auf Ihren Partner, der in einem anderen Fenster ist.
away-partner-ends = { $seconds ->
    [one] Wenn das noch { $seconds } Sekunde dauert, endet das Spiel.
   *[other] Wenn das noch { $seconds } Sekunden dauert, endet das Spiel.
}
away-paused = Das Spiel macht Pause
away-window = Kommen Sie zum Spiel zurück
away-window-ends = Kommen Sie zurück: Das Spiel endet in { $seconds } s

## Wie eine Aufgabe gespielt wird
legend-onions = { $count } Zwiebeln
legend-tomatoes = { $count } Tomaten
legend-of-one-kind = { $count } von einer Art
legend-cook = { $seconds } s kochen
legend-plate = Teller nehmen
legend-fill = Teller füllen
legend-deliver = abgeben
legend-points = +{ $points }
legend-points-each = je +{ $points }
legend-points-if-needed = +{ $points }, wenn nötig
legend-you = Sie
legend-flag = zur Fahne gehen

## Speichern
saving-title = Ihr Spiel wird gespeichert
saving-here = Auf diesem Computer gespeichert: { $done } von { $all }
saving-lab = Im Labor angekommen: { $done } von { $all }
saving-stay = Bitte lassen Sie dieses Fenster noch einen Moment offen.
saving-trouble = Das Labor hat noch nicht alles bekommen.
saving-not-lost = Nichts ist verloren: Was auf diesem Computer gespeichert ist, wird beim nächsten Start von Dyad gesendet.

## Fertig
done-title = Vielen Dank
done-early = Das Spiel ist vorzeitig zu Ende
done-kept = Ein Teil Ihres Spiels ist noch nicht im Labor angekommen.
done-kept-text = Er ist auf diesem Computer sicher und wird beim nächsten Start von Dyad gesendet. Bitte sagen Sie der Versuchsleitung Bescheid.
done-saved = Alles ist gespeichert. Sie können dieses Fenster jetzt schließen.
done-nothing = Es wurde nichts aufgezeichnet. Bitte sagen Sie der Versuchsleitung Bescheid.
ended-me-away = Sie waren zu lange vom Spiel weg.
ended-partner-away = Ihr Partner war zu lange weg.
ended-both-away = Sie und Ihr Partner waren zu lange vom Spiel weg.
ended-partner-left = Ihr Partner ist gegangen.
ended-partner-lost = Die Verbindung zu Ihrem Partner ist abgerissen.
ended-not-connected = Der Computer Ihres Partners war nicht zu erreichen.
ended-not-resumed = Das Spiel konnte nicht weitergehen.
ended-refused = Ihr Computer und der Ihres Partners konnten dieses Spiel nicht zusammen spielen.
ended-left = Sie sind gegangen.

## Nicht eingelassen
refused-title = Das Labor hat Sie nicht eingelassen
refused-version = Dieses Programm und das des Labors passen nicht zusammen. Bitte fragen Sie die Versuchsleitung nach dem passenden.
refused-token = Dieses Labor kennt den Link nicht. Bitte prüfen Sie, ob er vollständig ist, oder fragen Sie die Versuchsleitung nach einem neuen.
refused-malformed = Das Labor versteht dieses Programm nicht. Bitte fragen Sie die Versuchsleitung nach dem passenden.
refused-duplicate = Sie sind schon verbunden, in einem anderen Fenster. Bitte schließen Sie das zuerst und versuchen Sie es noch einmal.
refused-closed = Das Labor nimmt im Moment niemanden auf. Bitte versuchen Sie es später noch einmal.

## Störung
problem-title = Das hat nicht geklappt
problem-text = Bitte zeigen Sie das der Versuchsleitung. Vielleicht hilft es, Dyad zu schließen und Ihren Link noch einmal zu öffnen.
problem-unknown = Das Programm kann nicht weitermachen.
problem-records = Ihr bisheriges Spiel ist gespeichert in { $folder }

## Einwilligung
consent-title = Information und Einwilligung
consent-agree = Ich bin einverstanden
consent-decline = Ich bin nicht einverstanden
consent-sure-title = Sie möchten lieber nicht teilnehmen?
consent-sure-text = Das ist völlig in Ordnung. Niemand fragt Sie nach einem Grund.
consent-sure-end = Hier aufhören
consent-sure-back = Zurück zum Text

## Seiten zum Lesen
page-wait = { $seconds ->
    [one] In { $seconds } Sekunde können Sie weitermachen.
   *[other] In { $seconds } Sekunden können Sie weitermachen.
}
picture-broken = Dieses Bild kann nicht gezeigt werden.
picture-coming = Dieses Bild ist unterwegs.

## Wer teilnehmen kann
screening-title = Bevor es losgeht

## Fragebögen
form-title = Einige Fragen
form-send = Absenden
form-required = Bitte beantworten Sie diese Frage.
form-missing = { $count ->
    [one] Eine Frage braucht noch Ihre Aufmerksamkeit.
   *[other] { $count } Fragen brauchen noch Ihre Aufmerksamkeit.
}
form-optional = Sie dürfen das auslassen.
form-choose-one = Wählen Sie eine Antwort.
form-choose-any = Wählen Sie alles, was passt.
form-choose-exactly = Wählen Sie { $count }.
form-choose-least = Wählen Sie { $least } oder mehr.
form-choose-most = Wählen Sie bis zu { $most }.
form-choose-between = Wählen Sie { $least } bis { $most }.
form-other-hint = bitte schreiben Sie, was
form-other-missing = Bitte schreiben Sie dort etwas, oder wählen Sie eine andere Antwort.
form-other-same = Das ist eine der Antworten darüber; bitte wählen Sie sie dort.
form-scale-hint = Klicken Sie auf die Skala, oder nehmen Sie die Pfeiltasten.
form-scale-point = { $point } von { $points }
form-number-wrong = Bitte schreiben Sie eine Zahl, zum Beispiel { $example }.
form-number-least = Die Zahl ist mindestens { $least }.
form-number-most = Die Zahl ist höchstens { $most }.
form-number-between = Die Zahl liegt zwischen { $least } und { $most }.
form-number-whole = Bitte schreiben Sie eine ganze Zahl.
form-number-decimals = { $most ->
    [one] Bitte schreiben Sie höchstens eine Stelle nach dem Komma.
   *[other] Bitte schreiben Sie höchstens { $most } Stellen nach dem Komma.
}
form-text-short = { $least ->
    [one] Bitte schreiben Sie etwas.
   *[other] Bitte schreiben Sie mindestens { $least } Zeichen.
}
form-text-long = Sie haben { $length } Zeichen geschrieben; für { $most } ist Platz.
form-text-count = { $length } von { $most } Zeichen
form-text-pattern = Das sieht nicht so aus, wie es soll.
form-kind = Bitte wählen Sie eine der Antworten.

## Das Ende
end-finished-title = Vielen Dank
end-finished-text = Sie haben die Studie abgeschlossen.
end-no-partner-title = Niemand war zum Mitspielen da
end-no-partner-text = Es tut uns leid: Diesmal gab es keinen Partner für Sie.
end-partner-left-title = Ihr Partner ist gegangen
end-partner-left-text = Ohne Ihren Partner kann das Spiel nicht weitergehen. Das liegt nicht an Ihnen.
end-lost-connection-title = Die Verbindung ist abgerissen
end-lost-connection-text = Das Spiel konnte nicht weitergehen, weil die Verbindung nicht rechtzeitig zurückkam.
end-excluded-title = Das Spiel ist zu Ende
end-excluded-text = Das Spiel ist aus einem Grund zu Ende, den die Regeln der Studie nennen. Was Sie bis dahin getan haben, wird aufgehoben.
end-game-title = Das Spiel ist zu Ende
end-away-text = Sie waren zu lange vom Spiel weg, deshalb ist es für alle zu Ende. Was Sie bis dahin getan haben, wird aufgehoben.
end-partner-away-text = Ihr Partner war zu lange weg, deshalb ist das Spiel zu Ende. Das liegt nicht an Ihnen.
end-partner-lost-text = Die Verbindung zu Ihrem Partner kam nicht rechtzeitig zurück, deshalb ist das Spiel zu Ende. Das liegt nicht an Ihnen.
end-slow-text = Die Verbindung war zu langsam, um weiterzuspielen. Was Sie bis dahin getan haben, wird aufgehoben.
end-screened-out-title = Diese Studie passt nicht
end-screened-out-text = Vielen Dank für Ihr Interesse. Sie oder dieser Computer erfüllen nicht, was diese Studie braucht.
end-withdrew-title = Sie haben die Studie beendet
end-withdrew-text = Vielen Dank für Ihr Interesse. Sie können dieses Fenster schließen.
end-code = Ihr Code
end-code-text = Bitte kopieren Sie diesen Code: Er zeigt, dass Sie teilgenommen haben.
end-copy = Code kopieren
end-copied = Kopiert
end-open = Letzte Seite Ihrer Studie öffnen
end-open-text = Sie öffnet sich in Ihrem Browser.
end-wait-for-lab = Bitte lassen Sie dieses Fenster offen, bis das Labor alles bekommen hat.

scene-moment = Einen Augenblick
scene-checking = Dieser Computer und seine Verbindung werden geprüft.
scene-unreadable = Dieses Programm ist zu alt für diese Studie
scene-unreadable-text = Das Labor zeigt hier etwas, das es nicht kennt. Bitte sagen Sie es der Versuchsleitung.
scene-leave = Studie verlassen
scene-leave-sure = Endgültig verlassen?
scene-leave-yes = Verlassen
scene-leave-no = Bleiben
