"""English words and templates. grammar.py and english.py explain the notation."""

# A domain whose name holds a slash is one sense of an ambiguous word: word/sense.
DOMAINS = r"""
== bank/money
x: bank#money @8 | credit union | savings office
adj: local | big | small | central | commercial | foreign | new | old
who: banker | clerk | customer | farmer | widow | student | shopkeeper | accountant | manager | cashier
  | lawyer | investor | young couple
do: *deposit [cash] at {x} | *borrow [sum] from {x} | *withdraw [cash] from {x}
  | *open an account at {x} | *close %poss account at {x} | *ask {x} for a loan
  | *pay [sum] into {x} | *rob {x} with a toy gun | *keep %poss savings in {x} | *owe {x} [sum]
  | *work at {x} as a cashier | *sue {x} over hidden fees | *wait in line at {x}
  | *apply to/ADP {x} for a mortgage | *change [sum] at {x} | *get a credit card from {x}
be: *raise the interest rate | *lend [sum] to small firms | *refuse the loan
  | *charge a fee for every transfer | *go bankrupt during the crisis | *freeze the account
  | *offer cheap credit to students | *print new credit cards | *close at four on Fridays
  | *lose millions of dollars | *pay low interest on savings | *sell %poss shares
act: *count the coins | *sign the contract | *check the balance of the account | *need money
  | *save for a new car | *lose %poss credit card | *pay the bills | *calculate the interest
tail: to+pay the rent | to+buy a house | because the interest rate ed+be low
  | before/SCONJ the loan ed+be due | to+pay off old debts | after payday | with a high interest rate
at: on the main street | in the financial district | beside the stock exchange
scene: the interest rate *rise | the stock market *fall | wages ^be low | the price of houses *climb
  | the debt *grow | the currency *lose %poss value

== bank/river
x: bank#river @8 | shore | edge of the stream
adj: muddy | steep | grassy | left | far | sandy | green | opposite | shady
who: fisherman | boatman | hiker | farmer | child | old man | painter | girl | boy | shepherd
  | canoeist | ferryman
do: *sit on {x} of the river | *walk along {x} of the [stream] | *pull the boat onto {x}
  | *swim to/ADP {x} | *fish from {x} | *climb up {x} | *slip down {x} into the water
  | *tie the canoe to/ADP a tree on {x} | *plant willows along {x} | *camp on {x}
  | *watch the ducks from {x} | *row the boat towards {x} | *dry %poss wet clothes on {x}
  | *catch frogs near {x} | *cast a net from {x}
be: *be covered/VERB with reeds | *be flooded/VERB after the heavy rain | *collapse into the river
  | *be lined/VERB with willows | *be too steep to+climb | *be full of frogs and ducks
  | *slope down to/ADP the water | *be washed/VERB away by the flood | *lie in the shade of tall trees
  | *turn to/ADP mud
act: *wade through the shallow water | *paddle the canoe | *mend the fishing nets
  | *throw stones into the stream | *look for trout | *cross the river | *fill the bucket with water
tail: of the river | of the [stream] | where the current ed+be weak | where the willows grew/VERB
  | to+fish for trout | near the old mill | below the waterfall
at: on the far side of the river | near the ferry | below the waterfall
scene: the river *flow quietly | the water *rise after the rain | the current *be strong
  | the flood *reach the meadow | the ducks ^swim past/ADV | the ferry *cross the [stream]

== bat/animal
x: bat#animal @8 | owl | moth
adj: brown | tiny | sleeping | hungry | black | young | little | injured
who: biologist | caver | boy | farmer | guide | monk | girl | ranger | student | photographer | zookeeper
do: *see {x} in the cave | *catch {x} with a net | *photograph {x} at dusk | *feed {x} with insects
  | *find {x} under the roof | *hear the cry of {x} in the dark | *study the wings of {x}
  | *wake {x} in the barn | *release {x} into the night | *be afraid of {x} | *follow {x} with a lamp
  | *be bitten/VERB by {x} | *discover {x} behind the shutters
be: *hang upside down from the ceiling | *fly out of the cave at dusk | *hunt insects in the dark
  | *sleep in the attic all winter | *spread %poss wings | *catch a moth in the air
  | *live in the old church tower | *find %poss way by sound | *give birth to/ADP one pup
  | *circle above the pond | *flutter around the lamp | *squeak softly
act: *explore the dark cave | *count the animals in the tower | *hold the lamp | *climb into the attic
  | *wait until dusk | *write about mammals with wings
tail: in the dark cave | at dusk | under the roof of the barn | with %poss long ears
  | among the other animals of the night | in the church tower
at: in the cave | in the attic | in the hollow tree
scene: the sun *go down | the cave *be dark and wet | insects ^fly around the lamp | it *be almost night
  | the moon *rise above the forest

== bat/sport
x: bat#sport @8 | racket
adj: wooden | heavy | aluminium | broken | new | long | light/ADJ | signed
who: player | hitter | coach | boy | captain | batter | rookie | catcher | fan | champion | girl
do: *swing {x} at the ball | *hit the ball with {x} | *break {x} in the second inning
  | *grip {x} with both hands | *buy {x} and a glove | *lift {x} over %poss shoulder
  | *drop {x} and *run to/ADP first base | *choose {x} from the rack | *lend {x} to/ADP the pitcher
  | *polish {x} before the game | *carry {x} to/ADP home plate | *throw {x} on the grass in anger
  | *sign {x} for a young fan
be: *split when/SCONJ it ed+hit the ball | *be too heavy for the young player | *send the ball over the fence
  | *slip out of %poss hands | *miss the fast ball | *be made/VERB of ash | *lie on the bench beside the gloves
  | *crack on the first strike | *meet the ball perfectly
act: *score a run | *miss the ball | *practise in the stadium | *win the game | *put on a helmet
  | *train with the team | *strike out twice | *reach second base
tail: in the last inning | before the first strike | during the game | for the home run
  | against the best pitcher of the league | at the training camp
at: in the stadium | on the bench | at home plate
scene: the game *begin | the crowd *cheer | the team *lose by two runs | the ball *fly over the fence
  | the umpire *call a strike

== spring/season
x: spring#season
nodet: yes
single: yes
who: gardener | farmer | teacher | bee keeper | child | poet | traveller | old woman | couple | neighbour
do: *sow the wheat in {n} | *plant tulips in early {n} | *clean the house in {n}
  | *get married in {n} | *wait for {n} | *love the first warm days of {n} | *prune the roses before {n}
  | *move to/ADP the country in {n} | *long for {n} | *see the swallows in {n} | *paint the fence in late {n}
  | *visit the cherry blossoms in {n} | *write poems about {n} | *take long walks in {n}
be: *come early/ADV this year | *bring rain and blossoms | *follow a cold winter | *wake the bears
  | *turn the meadows green | *be late in the mountains | *be warmer than usual | *melt the last snow
  | *begin in March | *end with a heat wave
act: *sow lettuce | *listen to/ADP the birds | *put away the winter coats | *pick the first flowers
  | *open the windows | *wear a light/ADJ jacket
tail: when/SCONJ the cherry trees bloom/VERB | after the long winter | before/SCONJ the summer comes/VERB
  | when/SCONJ the days get/VERB longer | in April or May | until the first hot days of June
scene: the snow *melt | the birds ^return from the south | the days ^grow longer | the winter *end
  | the apple trees ^bloom | the nights ^be still cold

== spring/water
x: spring#water @8 | well | fountain
adj: hot | clear | cold | hidden | sacred | mineral | mountain | natural
who: hiker | shepherd | pilgrim | villager | monk | traveller | thirsty child | guide | geologist | old woman
do: *drink from {x} | *fill the bottle at {x} | *bathe in {x} | *carry water from {x} to/ADP the village
  | *find {x} in the rocks | *wash %poss face in {x} | *rest beside {x} | *follow the path to/ADP {x}
  | *build a bath house over {x} | *protect {x} with a wall | *lead the goats to/ADP {x}
  | *taste the cool water of {x}
be: *flow out of the rock | *feed the small lake | *dry up in August | *give clear cold water
  | *bubble up between the stones | *smell of sulphur | *supply the village with water
  | *be the source of the river | *steam in the cold air | *run into a stone basin
act: *fill the jugs | *climb the mountain path | *look for drinking water | *cool %poss feet
  | *be very thirsty | *drink from a wooden cup
tail: in the mountains | at the foot of the cliff | above the village | among the mossy rocks
  | where the river begins/VERB | in the desert | behind the temple
at: in the forest | at the foot of the mountain | behind the temple
scene: the water *be ice cold | the well in the village *be dry | the path *lead up to/ADP the rocks
  | the river *begin there/ADV | the bottles ^be empty | the steam *rise from the pool

== spring/coil
x: spring#coil @8 | screw | gear
adj: steel | rusty | broken | tight | tiny | worn | loose | metal
who: mechanic | watchmaker | engineer | repairman | apprentice | inventor | technician | locksmith | toy maker
do: *replace {x} in the clock | *stretch {x} until/SCONJ it ed+break | *wind {x} of the toy train
  | *oil {x} of the door | *press {x} into the lock | *lose {x} of the pen | *test {x} of the scale
  | *fix {x} under the seat | *bend {x} with pliers | *remove {x} from the mattress
  | *order {x} for the machine | *measure the tension of {x}
be: *snap under the load | *push the lid open/ADJ | *drive the wheels of the clock | *jump out of the watch
  | *squeak in the old sofa | *hold the valve shut | *store energy | *lose %poss tension
  | *pull the door shut | *carry the weight of the car
act: *open the watch | *take the machine apart | *tighten the screws | *oil the hinges
  | *repair the lock | *look for the pliers
tail: of the clock | in the lock | inside the watch | of the mattress | with a small hammer
  | because the metal ed+be tired | under the seat of the car
at: inside the clock | in the tool box | under the lid
scene: the clock *stop | the lock *be jammed/VERB | the metal *be rusty | the toy train *stand still/ADJ
  | the sofa *squeak | the screws ^be loose

== plant/factory
x: plant#factory @8 | factory | steel works
adj: chemical | nuclear | new | old | huge | modern | idle | Japanese
who: worker | engineer | manager | inspector | owner | electrician | union leader | minister | foreman | investor
do: *work in {x} | *close {x} after the accident | *build {x} near the harbour | *inspect {x}
  | *run {x} with robots | *shut down {x} for repairs | *invest [sum] in {x} | *strike at {x}
  | *sell {x} to/ADP a foreign company | *hire two hundred workers for {x} | *manage {x}
  | *protest against {x} | *visit {x} and its assembly line
be: *produce engines for trucks | *employ [many] workers | *pollute the river | *make steel and cement
  | *generate electricity for the city | *burn coal | *explode in the night | *stop production
  | *export machines to/ADP Asia | *cut [few] jobs | *need skilled workers | *double %poss output
act: *join the union | *repair the machines | *work the night shift | *demand higher wages
  | *check the safety valves | *control the assembly line | *lose %poss job
tail: to+raise production | because/ADP of the strike | where cars eds+be built/VERB | after the accident
  | without safety checks | to+make cheaper cars | at the edge of the industrial town
at: near the harbour | at the edge of the industrial town | beside the power station
scene: the workers ^go on strike | the smoke *rise from the chimneys | the machines ^stand still/ADJ
  | production *fall | the night shift *begin | the price of steel *rise

== plant/flora
x: plant#flora @8 | fern | rose bush | cactus
adj: green | rare | tropical | tall | dry | healthy | young | wild | thorny | poisonous
who: gardener | botanist | florist | grandmother | neighbour | student | housewife | forester | farmer
do: *water {x} every morning | *put {x} on the windowsill | *grow {x} from a seed | *repot {x} in fresh soil
  | *find {x} in the rain forest | *cut the dead leaves off {x} | *forget to+water {x}
  | *pull {x} out by the roots | *describe the leaves of {x} | *give {x} plenty of light/NOUN
  | *dig a hole for {x} | *smell the flowers of {x} | *cover {x} against frost
be: *need sun and water | *grow two metres tall | *lose %poss leaves | *bloom in the garden
  | *wither in the heat | *have yellow flowers | *die without light/NOUN | *attract bees
  | *climb up the wall of the house | *spread %poss roots in the soil | *bear red berries | *turn %poss leaves to/ADP the sun
act: *rake the leaves | *mix the soil with compost | *pull out the weeds | *sow the seeds
  | *fill the watering can | *sit in the shade of the garden | *collect herbs
tail: in the garden | with small white flowers | in a clay pot | with soft green leaves | in the greenhouse
  | because its leaves eds+be yellow | in moist soil
at: in the greenhouse | on the balcony | in the meadow | on the windowsill
scene: the soil *be dry | the sun *shine on the garden | the leaves ^turn yellow | the flowers ^open
  | it *rain all week | the frost *come early/ADV

== match/game
x: match#game @8 | final | tournament
adj: exciting | boring | important | friendly | long | first | decisive | international
who: goalkeeper | coach | striker | fan | referee | champion | captain | player | reporter | young talent | tennis star
do: *win {x} with two goals | *lose {x} against the champions | *watch {x} on television
  | *play {x} in the rain | *call off {x} because/ADP of the snow | *score in {x} | *miss {x} with a knee injury
  | *decide {x} in the last minute | *buy tickets for {x} | *draw {x} | *prepare the team for {x}
  | *stop {x} after the foul | *report on {x} for the radio
be: *end in a draw | *begin at eight o'clock | *be cancelled/VERB because/ADP of rain | *go into extra time
  | *attract [many] fans | *be won/VERB by the home team | *finish without a goal
  | *be shown/VERB on television | *last three hours | *decide the championship
act: *score the first goal | *train hard/ADV | *shake hands with the referee | *warm up on the field
  | *injure %poss knee | *cheer for the home team | *receive a yellow card
tail: against the champions | in the final minute | between the two rivals | in front of [many] fans
  | with a late goal | on the tennis court | in the second half
at: in the stadium | at the tennis club | on the new football field
scene: the referee *blow the whistle | the fans ^sing | the score *be two to/ADP one | the team *attack
  | the star player *be injured | the second half *begin

== match/fire
x: match#fire @8 | candle | lighter
adj: burning | wet | single | wooden | last | lit | dry | damp
who: camper | smoker | boy | cook | old man | soldier | girl | watchman | scout | grandmother
do: *strike {x} on the box | *light the fire with {x} | *blow out {x} | *drop {x} into the dry straw
  | *hold {x} to/ADP the candle | *burn %poss fingers with {x} | *find {x} in %poss pocket
  | *throw {x} into the fireplace | *light %poss pipe with {x} | *shield {x} from the wind
  | *look for {x} in the dark | *warm %poss hands over {x} | *play with {x} near the hay
be: *go out in the wind | *set the curtains on fire | *flare up in the dark | *burn down to/ADP %poss fingers
  | *be too damp to+burn | *light up %poss face | *break in two | *fall into the dry straw | *glow for a moment
act: *collect dry wood | *lay the fire | *light a cigarette | *put wood into the stove
  | *smell the smoke | *blow into the embers
tail: to+light the stove | near the dry hay | in the dark cellar | with cold fingers | for the candles
  | from a small box | to+start the camp fire
at: in the box | beside the candles | near the stove
scene: the fire *go out | the wood *be wet | the wind *blow through the tent | the lamp *fail
  | the flames ^grow | the kitchen *be dark

== seal/animal
x: seal#animal @8 | walrus | sea lion
adj: grey | young | fat | playful | hungry | white | spotted | wounded
who: sailor | hunter | biologist | fisherman | tourist | zookeeper | child | diver | photographer | polar bear
do: *feed {x} with herring | *see {x} on the ice | *hunt {x} in the Arctic | *rescue {x} from the net
  | *photograph {x} on the rocks | *swim beside {x} | *throw a fish to/ADP {x} | *hear {x} bark/VERB at the zoo
  | *chase {x} across the ice | *study {x} and its pup | *free {x} from a plastic bag | *touch the wet fur of {x}
be: *dive under the ice | *sleep on the warm rocks | *catch a fish | *swim around the boat
  | *feed %poss pup | *balance a ball on %poss nose | *slide into the cold sea
  | *be eaten/VERB by a whale | *have thick fur | *lie on the beach | *splash the visitors
act: *sail to/ADP the island | *watch the penguins | *dive in the cold sea | *measure the ice
  | *stand on the beach | *pull in the nets
tail: on the ice | near the rocky coast | in the cold sea | with a bucket of fish | in the pool of the zoo
  | off the northern island
at: on the ice | on the beach | in the bay
scene: the ice *melt | the waves ^beat against the rocks | the tide *come in | the sea *be calm
  | the herring ^swim close/ADV to/ADP the shore

== seal/stamp
x: seal#stamp @8 | signature | stamp
adj: official | royal | red | broken | wax | golden | secret | imperial | forged
who: king | notary | clerk | judge | messenger | minister | queen | lawyer | forger | bishop | secretary
do: *put {x} on the document | *break {x} of the letter | *press {x} into the hot wax | *forge {x} of the king
  | *examine {x} on the envelope | *sign the treaty and *add {x} | *carry {x} on a ring
  | *recognise {x} of the city | *close the envelope with {x} | *ask for {x} of the court
  | *stamp the passport with {x} | *engrave {x} for the bishop
be: *prove that/SCONJ the document ed+be real | *show a lion and a crown | *be missing from the contract
  | *be pressed/VERB into red wax | *make the law valid | *be kept/VERB in a locked box
  | *belong to/ADP the royal family | *be broken/VERB by the messenger | *bear the name of the queen
act: *read the letter | *open the envelope | *write the decree | *roll up the parchment
  | *deliver the document | *sign the treaty | *melt the wax
tail: of the king | on the envelope | of the ministry | at the bottom of the contract | with red wax
  | in front of two witnesses | so that/SCONJ the will ed+be valid
at: on the envelope | at the bottom of the page | on the parchment
scene: the treaty *be ready | the wax *be still warm | the letter *arrive at court | the judge *read the will
  | the document *look false

== crane/bird
x: crane#bird @8 | heron | stork
adj: white | grey | tall | rare | lonely | graceful | dancing | young
who: hunter | monk | painter | farmer | biologist | bird watcher | child | ranger | poet | fisherman
do: *watch {x} in the marsh | *paint {x} on silk | *see {x} beside the pond | *hear the call of {x}
  | *scare {x} away from the rice field | *count {x} among the wild geese | *photograph the nest of {x}
  | *feed {x} with grain | *find a feather of {x} | *heal the wing of {x} | *follow {x} through the reeds
be: *stand on one leg in the water | *fly south/ADV in autumn | *build a nest in the reeds | *spread %poss wings
  | *dance with %poss mate | *catch a frog in the marsh | *lay two eggs | *bend %poss long neck
  | *rest in the rice field | *call to/ADP the flock
act: *hide in the reeds | *look through the binoculars | *wade through the marsh | *count the nests
  | *listen to/ADP the wild geese | *protect the wetland
tail: in the marsh | with long thin legs | among the reeds | beside the quiet pond | before/SCONJ the flock ed+fly south/ADV
  | in the rice field
at: in the marsh | in the shallow water | on the frozen lake
scene: the flock *fly south/ADV | the fog *lie over the marsh | the frogs ^croak | autumn *come
  | the wild geese ^leave

== crane/machine
x: crane#machine @8 | excavator | lift
adj: tall | yellow | heavy | mobile | huge | electric | floating | rusty
who: builder | driver | engineer | worker | foreman | architect | docker | welder | operator | inspector
do: *operate {x} on the building site | *lift the steel beams with {x} | *load the ship with {x}
  | *rent {x} for two weeks | *repair the motor of {x} | *climb into the cabin of {x}
  | *move the containers with {x} | *hang the bell on {x} | *stop {x} because/ADP of the wind
  | *raise the concrete blocks with {x} | *check the cable of {x}
be: *lift the container onto the ship | *tower over the building site | *drop a load of bricks
  | *swing the beam over the roof | *fall on the street in the storm | *carry ten tons
  | *unload the cargo | *rust in the harbour | *raise the roof of the new hall | *turn slowly above the houses
act: *pour the concrete | *wear a helmet | *weld the steel frame | *unload the truck
  | *read the plans | *build the new bridge | *lay the bricks
tail: at the building site | with a strong steel cable | in the container harbour | to+build the skyscraper
  | above the new office tower | on the tenth floor of the tower
at: on the building site | at the dock | above the skyscraper
scene: the ship *arrive at the dock | the cable *break | the skyscraper *grow | the concrete *be dry
  | the workers ^shout | the trucks ^wait at the dock

== palm/tree
x: palm#tree @8 | coconut tree | date tree
adj: tall | tropical | old | slender | green | bent | royal
who: islander | sailor | tourist | farmer | boy | gardener | monkey | climber | nomad | painter
do: *climb {x} for coconuts | *sleep under {x} | *plant {x} along the beach | *cut down {x} after the storm
  | *pick dates from {x} | *tie the hammock to/ADP {x} | *draw {x} and a blue sea | *sit in the shade of {x}
  | *build a hut beside {x} | *see {x} from the ship | *cover the roof with leaves of {x}
be: *sway in the warm wind | *bend in the hurricane | *bear sweet dates | *grow beside the oasis
  | *give shade to/ADP the camels | *stand on the white beach | *drop a coconut | *lose %poss leaves in the storm
  | *grow thirty metres high | *line the road to/ADP the hotel
act: *lie on the white beach | *open a coconut | *swim in the lagoon | *ride a camel
  | *land on the island | *look for shade
tail: on the tropical beach | at the oasis | beside the lagoon | with ripe coconuts | on the small island
  | in the desert sun
at: on the beach | at the oasis | beside the hotel pool
scene: the hurricane *reach the island | the sun *burn the sand | the coconuts ^be ripe
  | the waves ^roll onto the beach | the camels ^rest

== palm/hand
x: palm#hand @8 | thumb | finger
adj: open/ADJ | sweaty | left | right | cold | flat | rough | soft | dirty
who: nurse | fortune teller | boy | doctor | carpenter | baby | old woman | girl | soldier | boxer
do: *hold a coin in %poss {n} | *read the lines of {x} | *cut {x} with a knife | *rub {x} against %poss cheek
  | *wipe %poss {n} on %poss trousers | *press {x} against the wound | *show the scar on {x}
  | *place the key in %poss {n} | *slap the table with %poss {n} | *write the number on %poss {n}
  | *bandage {x} of the child | *burn %poss {n} on the stove | *cover %poss mouth with {x}
be: *be wet with sweat | *hurt from the rope | *feel cold and damp | *bleed after the fall
  | *rest on %poss knee | *close around the coin | *be covered/VERB with blisters | *itch all night
  | *show a long life line | *touch %poss forehead
act: *clap %poss hands | *shake hands with the guest | *clench %poss fist | *wash the wound
  | *stretch %poss fingers | *take off the gloves
tail: of %poss left hand | with a bandage | with %poss fingers spread/VERB | below the thumb
  | of %poss right hand | until/SCONJ the skin ed+be red
scene: the wound *bleed | the skin *be red | the fingers ^be stiff with cold | the hand *tremble
  | the nurse *bring a bandage

== pitcher/player
x: pitcher#player @8 | catcher | batter
adj: young | famous | tired | injured | talented | retired | left-handed | nervous
who: coach | fan | manager | reporter | catcher | hitter | scout | umpire | captain | trainer
do: *replace {x} in the fifth inning | *interview {x} after the game | *cheer for {x}
  | *trade {x} to/ADP another team | *watch {x} throw/VERB a curve ball | *hit a home run off {x}
  | *train {x} for the season | *sign a contract with {x} | *criticise {x} after the defeat
  | *call {x} from the bench | *ask {x} for an autograph | *boo {x} after the walk/NOUN
be: *throw a fast ball | *strike out three batters | *hurt %poss elbow | *win twenty games
  | *walk to/ADP the mound | *lose %poss rhythm | *sign with a new team | *give up four runs
  | *nod to/ADP the catcher | *be voted/VERB player of the year | *stare at the batter | *warm up behind the fence
act: *win the championship | *study the video of the game | *stand on the mound | *wear a new glove
  | *lead the league in hits | *argue with the umpire
tail: of the home team | in the ninth inning | on the mound | of the year | with a strong left arm
  | before the playoffs
at: on the mound | in the locker room | on the bench
scene: the inning *end | the bases ^be loaded/VERB | the fans ^boo | the season *begin | the game *be tied/VERB

== pitcher/jug
x: pitcher#jug @8 | jug | teapot
adj: glass | clay | silver | full | empty | blue | broken | antique | painted
who: waitress | potter | grandmother | servant | guest | cook | collector | hostess | maid | waiter
do: *fill {x} with lemonade | *pour milk from {x} | *drop {x} on the kitchen floor | *put {x} on the table
  | *wash {x} in the sink | *bring {x} of iced tea | *empty {x} into the glasses | *shape {x} from clay
  | *buy {x} at the flea market | *carry {x} on %poss head | *keep {x} in the cupboard | *order {x} of beer
be: *stand on the table | *be full of cold lemonade | *break into pieces | *hold two litres of water
  | *leak onto the tablecloth | *have a crack in the handle | *be painted/VERB with blue flowers
  | *slip from %poss wet hands | *go around the table | *match/VERB the cups and plates
act: *set the table | *squeeze the lemons | *wash the glasses | *pour the wine | *fire the kiln
  | *serve the guests | *wipe the tablecloth
tail: of lemonade | of cold milk | with ice and mint | for the thirsty guests | from the kitchen shelf
  | with a blue handle
at: on the kitchen table | in the cupboard | beside the cups
scene: the guests ^be thirsty | the milk *boil | the lemonade *be cold | the glasses ^be empty
  | the kiln *cool

== bark/tree
x: bark#tree @8 | root | branch
adj: rough | brown | smooth | thick | dry | grey | loose | white
single: yes
who: forester | beaver | deer | carpenter | botanist | boy | healer | woodpecker | lumberjack | hunter
do: *peel {x} from the birch | *carve %poss name into {x} | *chew {x} in winter | *boil {x} for medicine
  | *strip {x} off the log | *make a canoe of {x} | *touch {x} of the old oak | *find beetles under {x}
  | *write on {x} of a birch | *rub %poss back against {x} | *collect {x} for dye | *scratch {x} with a knife
be: *protect the trunk | *be covered/VERB with moss | *peel off in long strips | *be eaten/VERB by beetles
  | *split in the frost | *grow thicker every year | *contain a bitter medicine | *smell of resin
  | *be burned/VERB by the forest fire | *hide hundreds of insects
act: *cut down the oak | *climb the tree | *saw the logs | *look for mushrooms | *count the rings of the trunk
  | *rest under the pine
tail: of the oak | of the old pine | of a birch tree | on the trunk | with a sharp knife
  | where the moss grows/VERB | from the fallen log
at: on the trunk | on the fallen log | on the forest floor
scene: the beetles ^attack the forest | the oak *be sick | the resin *flow | the winter *be hard for the deer
  | the woodpecker *hammer

== bark/dog
x: bark#dog @8 | howl | growl
adj: loud | angry | deep | sudden | short | hoarse | sharp | friendly
who: neighbour | postman | burglar | shepherd | cat | child | vet | mailman | puppy | policeman
do: *hear {x} of the dog | *be woken/VERB by {x} | *recognise {x} of %poss own dog | *be frightened/VERB by {x}
  | *run away from {x} | *follow {x} through the fog | *complain about {x} next door
  | *answer with {x} | *ignore {x} behind the fence | *teach the puppy to+stop {x} on command
  | *jump at {x} of the hound
be: *wake the whole street | *frighten the burglar | *come from behind the fence | *echo through the yard
  | *warn the shepherd | *turn into a growl | *mean that/SCONJ a stranger ed+be near
  | *scare the cat up the roof | *end with a whine | *sound like/ADP a cough
act: *walk the dog | *throw a bone | *hold the leash | *ring the bell | *pat the puppy
  | *climb over the fence | *lock the gate
tail: of the dog next door | of a hungry puppy | in the night | behind the gate | of the big hound
  | from the kennel
at: behind the fence | outside the gate
scene: the dog *pull at the leash | a stranger *open the gate | the cat *hide | the puppy *be hungry
  | the hound *smell the fox

== mouse/animal
x: mouse#animal @8 | rat | hamster
adj: grey | tiny | hungry | frightened | white | clever | dead | little
who: cat | owl | cook | farmer | girl | biologist | grandmother | snake | housewife | boy
do: *catch {x} in the kitchen | *chase {x} across the barn | *set a trap for {x} | *see {x} behind the stove
  | *scream at {x} | *feed {x} with cheese | *eat {x} | *find {x} in the flour
  | *keep {x} in a cage | *hear {x} in the wall | *let {x} escape/VERB | *test the medicine on {x}
be: *eat the cheese | *hide in a hole in the wall | *run across the kitchen floor | *gnaw at the grain sack
  | *escape from the cat | *build a nest of straw | *squeak in the trap | *steal a piece of bread
  | *have six young ones | *twitch %poss whiskers | *be caught/VERB by the owl
act: *clean the cage | *sweep the barn | *put cheese in the trap | *look behind the stove
  | *hide the bread | *sleep beside the stove
tail: with a long tail | in the barn | behind the stove | with a piece of cheese | under the floor
  | in the grain store
at: in the kitchen | in the cellar | under the floor
scene: the cat *sleep | the trap *snap shut | the cheese *smell strong | the grain *be stored/VERB | the owl *hunt
  | the barn *be quiet

== mouse/computer
x: mouse#computer @10 | touchpad | trackball
adj: wireless | optical | new | broken | cheap | ergonomic | black | faulty
who: programmer | designer | gamer | student | secretary | user | technician | office worker | writer | tester
do: *click the icon with {x} | *connect {x} to/ADP the laptop | *move {x} over the pad | *buy {x} and a screen
  | *plug {x} into the computer | *replace the battery of {x} | *clean {x} and the keys
  | *install the software for {x} | *drag the file with {x} | *press the button of {x} twice
  | *unplug {x} from the desktop | *return {x} to/ADP the computer shop
be: *stop working/VERB after the update | *move the cursor too fast | *need two batteries
  | *have three buttons | *freeze on the screen | *lie beside the monitor | *connect by cable
  | *click too loudly | *be sold/VERB with the laptop | *control the cursor | *lose the signal
act: *restart the computer | *open the file | *type the password | *save the document | *update the software
  | *scroll down the page | *close the window on the screen
tail: of the computer | with a long cable | to+open the file | on the desk beside the screen
  | to+select the text | for the new laptop
at: on the desk | beside the laptop | beside the monitor
scene: the cursor *freeze | the screen *go black | the program *crash | the battery *be empty
  | the laptop *restart

== general: school
x: lesson | exam | essay | textbook | homework task | lecture
adj: difficult | long | easy | interesting | short | final
who: teacher | student | pupil | professor | librarian | girl | boy | classmate
do: *explain {x} to/ADP the class | *prepare {x} carefully | *forget {x} | *finish {x} in time
  | *discuss {x} with a friend | *copy {x} | *read {x} twice | *complain about {x}
be: *be harder than/SCONJ expected/VERB | *take two hours | *cover the history of Rome | *bore the class
  | *start with a question | *contain many mistakes
act: *sit in the library | *raise %poss hand | *learn the poem by heart | *pass the test
  | *clean the blackboard | *study for the exam | *write a letter to/ADP the parents
tail: about the French Revolution | in mathematics | before the holidays | with great care | in the library
at: in the classroom | in the library | at the university
scene: the bell *ring | the class *be quiet | the holidays ^begin | the teacher *be ill

== general: kitchen
x: soup | cake | omelette | salad | stew | pie | pizza
adj: hot | fresh | sweet | spicy | homemade | delicious
who: cook | baker | mother | chef | guest | waiter | child | grandmother
do: *bake {x} for the party | *taste {x} | *eat {x} with a spoon | *burn {x} | *share {x} with %poss friends
  | *order {x} and a glass of wine | *serve {x} on a big plate | *add salt to/ADP {x}
be: *smell wonderful | *be too salty | *need more pepper | *cook for an hour | *taste of garlic
  | *stand on the table | *be ready at noon
act: *chop the onions | *peel the potatoes | *wash the dishes | *heat the oven | *set the table
  | *buy eggs and butter
tail: with garlic and onions | for dinner | in a big pan | with fresh herbs | without sugar
at: on the stove | in the oven | on the table
scene: the oven *be hot | the water *boil | the guests ^arrive | the onions ^burn

== general: travel
x: train | plane | ferry | taxi | bus | tram
adj: late | crowded | empty | early | fast | slow | last
who: tourist | traveller | driver | passenger | pilot | student | businessman | couple
do: *miss {x} to/ADP [city] | *take {x} to/ADP [city] | *wait for {x} at the station
  | *sleep on {x} | *leave %poss bag on {x} | *book a seat on {x} | *get off {x} in [city]
be: *leave [city] at noon | *arrive two hours late | *be full of tourists | *break down near [city]
  | *stop at every village | *go straight to/ADP [city] | *be cheaper than the others
act: *pack the suitcase | *lose %poss passport | *buy a map | *ask for directions | *check in at the hotel
  | *cross the border
tail: with two heavy suitcases | because/ADP of the fog | on the way to/ADP [city] | before sunrise
  | without a ticket
at: at the station | at the airport | on platform two
scene: the fog *be thick | the border *be closed/VERB | the road *be icy | the hotel *be full

== general: weather
x: storm | rain | fog | wind | frost | sunshine | thunder
single: yes
adj: heavy | cold | sudden | strong | terrible
who: farmer | sailor | hiker | driver | mother | child | reporter
do: *be surprised by {x} | *walk home/ADV in {x} | *wait for the end of {x} | *talk about {x} | *enjoy {x}
  | *fear {x}
be: *last all night | *come from the north | *damage the harvest | *delay the ferry | *stop at noon
  | *begin suddenly
act: *open the umbrella | *stay at home | *put on a coat | *look at the dark clouds | *close the shutters
tail: on the coast | in the hills | for three days | in the middle of the night
scene: the clouds ^be dark | the sky *turn grey | the sun *shine | it *snow | the temperature *fall

== general: office
x: report | proposal | contract | project plan | budget | presentation
adj: annual | important | new | secret | late | short
who: manager | secretary | boss | lawyer | engineer | assistant | colleague | director
do: *write {x} | *call off {x} | *present {x} to/ADP the board | *read {x} on the train
  | *work on {x} until midnight | *sign {x} without reading/VERB it | *postpone {x}
be: *take too long | *be ready on Friday | *cost [sum] | *surprise the board | *change everything
  | *fail in the end
act: *answer the phone | *make coffee | *send an email | *ask for a raise/NOUN | *leave the office early
  | *hire an assistant
tail: for the board | after lunch | with a new partner | by the end of the month | in English
at: in the office | on the desk
scene: the phone *ring | the boss *be angry | sales ^rise | the deadline *pass

== general: family
x: letter | present/NOUN | photograph | party | wedding | birthday card
adj: long | wonderful | small | old | funny | beautiful
who: aunt | cousin | grandfather | baby sitter | bride | neighbour | daughter | son
do: *plan {x} for %poss parents | *remember {x} | *talk about {x} | *bring {x} to/ADP %poss sister
  | *laugh about {x} | *send {x} to/ADP %poss cousin in [city]
be: *make everyone cry/VERB | *be a surprise | *come from [city] | *remind us of the old days
act: *play with the children | *call %poss mother | *tell a story | *visit %poss grandparents
  | *sing a song | *hug the baby | *light the candles on the cake
tail: for the birthday | with the whole family | from %poss cousin | after the wedding | at Christmas
at: on the shelf | in the living room
scene: the baby *cry | the children ^play in the yard | the guests ^leave | the grandparents ^visit

== general: health
x: medicine | injection | bandage | operation | diet
adj: new | strong | strict | painful | expensive
who: doctor | nurse | patient | surgeon | dentist | pharmacist
do: *recommend {x} | *need {x} | *be afraid of {x} | *wait for {x} | *explain {x} to/ADP the patient
be: *help against the pain | *save %poss life | *have side effects | *cost [sum] | *take only ten minutes
act: *measure the fever | *wash %poss hands | *sleep for ten hours | *feel dizzy | *stay in bed
  | *call an ambulance
tail: against the pain | for two weeks | after the accident | in the hospital
at: in the hospital | at the clinic
scene: the fever *rise | the patient *sleep | the pain *grow | the clinic *be closed/VERB

== general: music
x: song | concert | waltz | symphony | opera | melody
adj: sad | beautiful | famous | old | loud | slow
who: singer | violinist | conductor | composer | pianist | drummer | dancer
do: *practise {x} every day | *listen to/ADP {x} | *record {x} in [city] | *love {x}
  | *write about {x} | *hear {x} on the radio
be: *sound wonderful | *move the audience to/ADP tears | *last two hours | *be known/VERB all over the world
act: *tune the guitar | *bow to/ADP the audience | *learn the notes | *play in an orchestra
  | *dance until midnight
tail: by a young composer | with great feeling | for the last time | in front of a large audience
at: in the concert hall | at the opera house
scene: the audience *clap | the orchestra *play | the lights ^go out | the curtain *rise
"""

# Word lists of the whole language.
LISTS = r"""
cash: cash | a cheque | %poss wages | the money | two hundred dollars | some coins | the rent
sum: [num] dollars | [num] euros | a large sum | some money | half a million
num: two hundred | three thousand | fifty | 40 | 250 | 1,500 | ninety | five million
few: two | three | four | five | six | several | many | a few
many: hundreds of | two hundred | three thousand | 500 | thousands of | many
stream: river | stream | brook | canal
city: <LOC [place_any] >
place_any: London | Paris | Rome | Berlin | Madrid | Vienna | Cairo | Boston | Chicago | Tokyo | Seoul
  | Lisbon | Dublin | Oslo | Prague | Geneva | Florence | Austin | Houston | Lincoln | Washington
man: Tom | Paul | David | Ben | Peter | Omar | James | Daniel | Mark | Victor | Jack | Henry | Leo | Ivan
  | Jordan | Austin | Oliver | Kenji | Carlos | Samir
woman: Anna | Mary | Sarah | Lucy | Emma | Julia | Nina | Clara | Alice | Ruth | Maria | Sophie | Hope
  | Florence | Chelsea | Grace | Rosa | Ingrid | Yuna | Fatima
last: Miller | Carter | Brown | Lee | Garcia | Jackson | Lincoln | Washington | Obama | Hudson | Madison
  | Houston | Schmidt | Rossi | Kim | Baker | Cook | Wood | Novak | Tanaka
title_man: Mr | Dr | Professor | Captain | Judge | Senator | President
title_woman: Mrs | Ms | Dr | Professor | Judge | Senator | Queen | Minister
owner: my | our | his | their | her
aunt: mother | sister | aunt | grandmother | daughter | niece
uncle: father | brother | uncle | grandfather | son | nephew
person_adj: old | young | tired | friendly | clever | angry | patient/ADJ | lonely | quiet | proud
time_past: yesterday | last week | last night | two days ago | in [year] | on [weekday] | that morning
  | this afternoon | at [clock] | one evening | a year ago | last summer | on the [day] of [month]
time_present: every day | on [weekday] | every week | these days | nowadays | in the evening | twice a month
  | sometimes
time_future: tomorrow | next week | next [weekday] | soon | in two days | next year
  | on the [day] of [month]
time_perfect: recently | twice | already | since [weekday] | three times this month | often
weekday: Monday | Tuesday | Wednesday | Thursday | Friday | Saturday | Sunday
month: January | February | March | April | May | June | July | August | October | December
day: first | second/ADJ | third | 12th | 20th | 31st | tenth
year: 1912 | 1954 | 1968 | 1987 | 1998 | 2004 | 2011 | 2019
clock: noon | midnight | nine o'clock | half past six | seven in the evening | 8:30
reporting: *say | *think | *believe | *hear | *remember | *tell us | *tell me | *hope | *know | *write
  | *complain | *be sure | *report
wishing: *want | *decide | *try | *plan | *refuse | *hope | *need | *have | *begin | *promise | *forget
  | *offer
question_word: when/ADV | why | how | where/ADV
"""

# A word that has no tag here is a noun (a name if it has a capital, a number if a digit).
TAGS = r"""
DET: the a an this that these every another all both each some no
PRON: he she it they we I you me us him them everyone everything who my our his her its their
  your there nobody
ADP: despite about above across after against along among around as at before behind below beside
  between by down during for from in inside into near of off on onto out outside over past since
  than through towards under until up with without
ADV: ago rather truly almost already apart away carefully loudly nowadays often only perfectly quietly
  recently slowly softly sometimes soon straight suddenly then too twice upside very how why
  where so again here really quite never always still
SCONJ: because if although while
CCONJ: and or but
NUM: one two three four five six seven eight nine ten twenty thirty fifty ninety hundred
  thousand million
ADJ: afraid sure opposite fallen polite proud aluminium angry annual antique bankrupt beautiful best big bitter black blue boring
  brown bent broken burning calm central cheap cheaper chemical clear clever cold commercial
  cool crowded damp dancing dark dead decisive deep delicious difficult dirty dizzy drinking dry
  due early easy electric empty ergonomic exciting expensive extra false famous far fast fat
  faulty few fifth final financial first flat floating foreign forged fourth free fresh friendly
  frightened frozen full funny golden graceful grassy great green grey happy hard harder healthy
  heavy hidden high higher hoarse hollow homemade hot huge hungry iced icy idle ill imperial
  important injured industrial interesting international jammed large last late left left-handed
  lit little living local lonely long longer loose loud low many married mineral missing mobile
  modern moist more mossy muddy narrow natural nervous new next ninth northern nuclear official
  old optical other own painful painted pale playful poisonous polar poor quiet rare ready real
  red retired rich right ripe rocky rough royal rusty sacred sad safe salty sandy second secret
  several shady shallow sharp short shut sick signed single skilled sleeping slender slow small
  smooth soft spicy spotted steep stiff strange strict strong sudden surprised sweaty sweet
  talented tall tenth terrible thick thicker thin third thirsty thorny tight tiny tired tropical
  usual valid warm warmer weak wet white whole wild wireless wonderful wooden worn wounded
  yellow young closed Japanese French deeper
PROPN: Mr Mrs Ms Dr Professor Captain Judge Senator President Queen Minister Revolution
"""
