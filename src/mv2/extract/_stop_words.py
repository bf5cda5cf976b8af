"""Words that say nothing of what a text is about, of the main European languages."""

from __future__ import annotations

_ENGLISH = """
wow lot lots thanks thank cool yeah hey hi hello oh sure maybe nice awesome glad let's hope feel felt
a about above actually after again against ago all almost along already also although always am among an
and another any anyone anything are aren't around as ask asked at available away back based be became
because become been before began begin being below best better between big both bring but by call called
came can can't cannot case cases certain come comes common could couldn't current day days did didn't
different do does doesn't doing don't done down due during each early either else end enough especially
etc even ever every everyone everything example far few find first five follow following for form former
found four from full further gave general get gets getting give given gives go goes going good got great
had hadn't half has hasn't have haven't having he her here hers herself high him himself his hour hours
how however i i'd i'll i'm i've if important in include includes including indeed instead into is isn't
it it'd it'll its itself just keep kept kind know known large last late later least left less let like
likely little long look looked made main mainly make makes making many may maybe me mean means might
mine minutes month months more most mostly much must mustn't my myself name named near nearly necessary
need needed needs neither never new next no nobody non none nor not note nothing now number of off often
ok okay old on once one ones only onto open or order other others otherwise our ours ourselves out over
own page pages part particular per perhaps place please point possible provide provided put quite rather
really recent regarding right said same saw say says second see seem seemed seems seen set several shall
she should shouldn't show shown shows side similar since six small so some someone something sometimes
soon still such take taken takes taking ten than that the their theirs them themselves then there
there's therefore these they they'd they'll they're they've thing things think third this those though
three through thus time times to today together told too took toward towards tried try trying turn two
under until up upon us use used useful user uses using usual usually various very via want wanted wants
was wasn't way ways we we'd we'll we're we've week weeks well went were weren't what whatever when where
whether which while who whole whom whose why will with within without won't work works would wouldn't
year years yes yesterday yet you you'd you'll you're you've your yours yourself zero copyright reserved
rights chapter section figure table appendix http https www com org net html pdf january february march
april june july august september october november december monday tuesday wednesday thursday friday
saturday sunday
"""
_GERMAN = """
ab aber alle allem allen aller alles als also am an andere anderem anderen anderer anderes anders auch
auf aus außer außerdem bald bei beide beiden beim bereits besonders bin bis bisher bist bleibt da dabei
dadurch dafür dagegen daher dahin damals damit danach daneben dann daran darauf daraus darf darin
darüber darum darunter das dass davon davor dazu dein deine dem demnach den denen denn dennoch der deren
des deshalb dessen desto deswegen dich die dies diese diesem diesen dieser dieses dir doch dort du durch
dürfen eben ebenfalls ebenso eher eigene eigenen ein eine einem einen einer eines einfach einige einigen
einiger einmal einzelne er erst erste ersten erster es etwa etwas euch euer fast für ganz ganze ganzen
gar geben gegen gegenüber gehen gemacht gerade gewesen gibt ging gleich groß große großen großer gut
gute guten hab habe haben hat hatte hatten hätte hätten heute hier hin hinter ich ihm ihn ihnen ihr ihre
ihrem ihren ihrer ihres im immer in indem infolge innerhalb ins insgesamt ist ja jahr jahre jahren jede
jedem jeden jeder jedes jedoch jemand jene jetzt kam kann kein keine keinem keinen keiner können könnte
könnten kommen kommt konnte konnten lange lassen letzte letzten machen macht man manche manchmal mehr
mehrere mein meine meinem meinen meiner meist meisten mich mir mit mittels möchte möglich muss müssen
musste nach nachdem nachher nächste nämlich neben nein neue neuen neuer neues nicht nichts nie niemand
noch nun nur ob oben oder oft ohne paar schon sehr sei sein seine seinem seinen seiner seines seit
selbst sich sie siehe sind so sobald sofort sogar solche solchen soll sollen sollte sollten somit
sondern sonst sowie sowohl später stand statt tag tage tagen trotz über überhaupt um und uns unser
unsere unserem unseren unserer unter viel viele vielen vieler vielleicht vom von vor vorher wann war
waren warum was weg wegen weil weiter weitere weiteren welche welchem welchen welcher welches wenig
wenige wenn wer werden wie wieder will wir wird wirklich wo wohl wollen worden wurde wurden während wäre
würde würden zeit zu zuerst zum zunächst zur zurück zusammen zwar zwei zwischen bzw usw seite kapitel
abschnitt abbildung tabelle januar februar märz mai juni juli oktober dezember montag dienstag mittwoch
donnerstag freitag samstag sonntag uhr drei vier fünf
"""
_FRENCH = """
afin ainsi ait alors an ans après au aucun aucune aujourd'hui auquel aussi autre autres aux avait
avaient avant avec avez avoir avons beaucoup bien bon car ce ceci cela celle celles celui cependant
certain certaine certaines certains ces cet cette ceux chaque chez comme comment contre dans de déjà
depuis dernier dernière derrière des dessous dessus deux devant doit doivent donc dont du durant elle
elles en encore enfin ensuite entre est et étaient était étant été être eu eux faire fait faites fois
font grand grande grandes grands hors ici il ils je jour jours jusque jusqu'à la là laquelle le lequel
les lesquelles lesquels leur leurs lors lorsque lui ma mais malgré me même mêmes mes mis mieux moi moins
mois mon ne ni non nos notamment notre nous nouveau nouveaux nouvelle nouvelles on ont or ou où par
parce parmi pas pendant permet peu peut peuvent plus plusieurs plutôt pour pourquoi pourrait premier
première près puis quand que quel quelle quelles quelque quelques quels qui quoi sa sans sauf se selon
sera seront ses seul seule si sien soit son sont sous souvent suis suite sur ta tandis tant te tel telle
tels tes toi ton tous tout toute toutes très trois trop tu un une va vers voir vos votre vous vu page
chapitre janvier février mars avril mai juin juillet août septembre octobre novembre décembre lundi
mardi mercredi jeudi vendredi samedi dimanche année années
"""
_SPANISH = """
a al algo algún alguna algunas alguno algunos allí ambos ante antes aquel aquella aquellas aquellos aquí
así aún aunque bajo bien cada casi como cómo con contra cual cuales cualquier cuando cuánto cuatro de
debe deben del desde después día días dice dicho donde dos durante e el él ella ellas ellos en entonces
entre era eran es esa esas ese eso esos esta está están estas este esto estos estaba estaban estar fue
fueron gran grande grandes ha haber había habían hace hacen hacer hacia han hasta hay hoy incluso la las
le les lo los luego más mayor me mediante mejor menos mes meses mi mientras mis misma mismas mismo
mismos mucha muchas mucho muchos muy nada ni ningún ninguna no nos nosotros nuestra nuestras nuestro
nuestros nueva nuevas nuevo nuevos nunca o otra otras otro otros para parte pero poco por porque primer
primera primero pues puede pueden que qué quien quién quienes se sea según ser será si sí sido siempre
siendo sin sino sobre solo sólo son su sus también tan tanto te tener tenía ti tiene tienen toda todas
todavía todo todos tras tres tu tus un una unas uno unos usted ustedes vez veces ya yo año años página
capítulo enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre lunes
martes miércoles jueves viernes sábado domingo
"""
_ITALIAN = """
abbiamo ad agli ai al alcune alcuni all alla alle allo allora altra altre altri altro anche ancora anni
anno aveva avere avevano ben bene che chi ci ciò circa col come con contro cosa così cui da dagli dai
dal dall dalla dalle dallo degli dei del dell della delle dello deve devono di dopo dove due dunque
durante e è ed era erano essere essi fa fare fatto fino fra giorni giorno già gli grande grandi ha hanno
ho i il in infatti inoltre io la le lei li lo loro lui ma mai meno mentre mese mesi mi mia mie miei mio
molte molti molto ne negli nei nel nell nella nelle nello nessuna nessuno niente noi non nostra nostre
nostri nostro nulla nuova nuove nuovi nuovo o ogni oltre oppure ora per perché però più poco poi possono
presso prima primi primo può qua quale quali qualche quando quanto quasi quella quelle quelli quello
questa queste questi questo qui quindi se secondo sei sempre senza si sia siamo sono sopra sotto stata
state stati stato su sua sue sugli sui sul sull sulla sulle suo suoi tale tali tanto te tra tre tu tutta
tutte tutti tutto un una uno vi via viene voi volta volte pagina capitolo gennaio febbraio aprile maggio
giugno luglio settembre ottobre dicembre lunedì martedì mercoledì giovedì venerdì sabato domenica
"""
_PORTUGUESE = """
à às ainda algum alguma algumas alguns ano anos antes ao aos apenas após aquela aquelas aquele aqueles
as assim até através bem cada com como contra contudo da das de dela dele deles depois desde dessa desse
desta deste deve devem dia dias do dois dos duas durante e é ela elas ele eles em embora enquanto então
entre era eram essa essas esse esses esta está estão estas estava este estes eu faz fazer foi foram fora
grande grandes há isso isto já lá lhe lhes mais mas me mês meses mesma mesmo meu meus minha muita muitas
muito muitos na não nas nem nenhum nenhuma no nos nós nossa nosso nova novas novo novos num numa o onde
os ou outra outras outro outros para parte pela pelas pelo pelos pode podem pois por porque porém pouco
primeira primeiro quais qual qualquer quando quanto quase que quem são se seja sem sempre sendo ser será
seu seus si sido sob sobre sua suas também tão tem têm tempo ter teve tinha toda todas todo todos três
tu um uma umas uns vez vezes você vocês página capítulo janeiro fevereiro março maio junho julho
setembro outubro novembro dezembro
"""
_DUTCH = """
aan achter al alle alleen alles als altijd andere anders bij binnen boven dag dagen dan dat de deze die
dit doen door dus echter een eens eerste elk elke en er erg even ge geen geweest goed grote haar had
hadden heb hebben heeft hem hen het hier hij hoe hun iets ik in is ja jaar jaren je jij jou jouw jullie
kan komen komt kunnen maar maand maken me meer meest men met mij mijn moet moeten mogen na naar nieuwe
niet niets nog nooit nu of om omdat onder ons onze ook op over per reeds sinds steeds te tegen ten ter
terwijl toch toen tot tussen twee uit uw van vanaf veel verder vaak via voor vooral waar waarbij waren
was wat we week weer wel werd werden wie wij wil worden wordt zal zelf zich zij zijn zo zoals zonder zou
zouden zullen pagina hoofdstuk
"""
_NORDIC = """
af alle allt alla andet andra andre at att av bara bli blir blev bliver blivit da dag dagar de deg dem
den denna denne der deras deres det detta dette dig din disse du där då efter eftersom ein eit eller en
end er et ett ei ennå etter fick finns flere flera for fra från får før för göra gör ha had hade han
hans har havde have hennes henne her hon hos hun hur hva hvad hvis hvor i icke ikke in ingen inn inte
inom jag jeg kan kom komma kommer kun kunde kunne man mange mellan mellem mellom men mens mer mera mest
mig min mot mycket må måste når nog nu ny nya nye nå något någon några och og också også om op opp oss
over på samma samme sedan seg selv siden sig sin sina sine sitt skal skall ska skulle som så til till
tre to två under upp ut utan uten vad var vara varit vart ved vem vi vid vil vill ville vår være våra år
är åren än även över øvrigt nok noe noen blandt gennem gjennom sådan sådana
"""
_POLISH = """
aby albo ale ani bardzo bez bo był była było były być będzie będą choć ci co czy dla do gdy gdyż gdzie
go ich ile im inne inny ja jak jako je jeden jednak jego jej jest jestem jeszcze jeśli jeżeli już każdy
kiedy kto która które którego której który których którym którzy lub ma mają mi może można mnie na nad
nam nas nasz nie nich nim niż no o od ona one oni oraz po pod podczas ponieważ poza przed przede przez
przy roku są się sobie swoje ta tak także tam te tego tej ten też to tu tych tylko tym u w we wiele więc
wszystkie wszystko wśród z za zawsze ze że został została zostały
"""
_RUSSIAN = """
без более больше будет будут бы был была были было быть вам вас весь во вот все всего всех всё вы где да
даже для до его ее её если есть еще ещё же за здесь из или им их как какой когда которая которого
которое которой которые который которых кто ли лишь между меня мне много может можно мой мы на над надо
нам нас наш не него нее нет ни них но ну о об один однако он она они оно от очень по под после потому
почти при про раз с сам свое своего своей своих свои себя со так также такие такой там тем то тогда того
тоже той только том тот ту ты у уже хотя чего чем через что чтобы чья эта эти это этого этой этом этот
эту этих года году год лет
"""
_LANGUAGES = (_ENGLISH, _GERMAN, _FRENCH, _SPANISH, _ITALIAN, _PORTUGUESE, _DUTCH, _NORDIC, _POLISH, _RUSSIAN)
STOP_WORDS = frozenset(word for language in _LANGUAGES for word in language.split())
"""All of them, in lower case."""
