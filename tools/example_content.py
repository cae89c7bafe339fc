"""What the example documents say: Persimmon Lane, a small library with a guesthouse in an old Korean house. All of it is invented."""

from datetime import date

HOURS_MD = """---
title: Opening hours and membership
tags: [library, visitors]
---
# Opening hours and membership

Persimmon Lane Library is a small public reading room in a restored hanok, at the end of Persimmon Lane below the old town wall.

## Opening hours

| day | hours |
|---|---|
| Tuesday to Friday | 10:00 to 19:00 |
| Saturday | 9:00 to 17:00 |
| Sunday | 13:00 to 17:00 |
| Monday | closed |

On the evening before a full moon the library stays open until 22:00 for night reading. We are closed on New Year's Day, on the
three days of Seollal and on the three days of Chuseok.

## Membership

Anyone who lives, works or studies in the county may become a member. Bring an identity card and one photograph.

- Membership is free for residents and costs 12,000 won a year for everyone else.
- Children under seven share the card of a parent.
- A lost card is replaced for 2,000 won.

Members may keep five books for three weeks. A loan can be renewed twice unless somebody else is waiting for the book.
"""

RULES_TXT = """감나무골 작은도서관 이용 규칙

1. 자료실 이용
자료실 안에서는 휴대전화를 진동으로 바꾸고 통화는 마당에서 해 주십시오. 뚜껑이 있는 물병은 가지고 들어올 수 있으나 커피와 음식은 차방에서만 드실 수 있습니다.

2. 연체와 분실
반납이 늦으면 늦은 날수만큼 대출이 정지됩니다. 연체료는 받지 않습니다. 책을 잃어버린 경우에는 같은 책으로 갚는 것이 원칙이며, 절판된 책은 정가의 두 배를 냅니다.

3. 열람석
열람석은 모두 스물네 석이고 예약은 받지 않습니다. 자리를 삼십 분 넘게 비우면 다른 이용자에게 내어 줍니다.

4. 반려동물
안내견은 언제나 함께 들어올 수 있습니다. 그 밖의 반려동물은 마당의 감나무 그늘까지만 들어올 수 있습니다.

5. 사진
책과 건물은 자유롭게 찍어도 됩니다. 다른 이용자의 얼굴이 나오는 사진은 허락을 받은 뒤에 찍어 주십시오. 똠방각하 같은 옛 소설의 초판본은 플래시를 끄고 찍어야 합니다.
"""

WIFI_HTML = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Wi-Fi, printing and scanning</title>
<style>body { font-family: serif }</style>
<script>console.log("not part of the text")</script>
</head>
<body>
<nav><a href="/">Home</a> | <a href="/rules">Rules</a> | <a href="/contact">Contact</a></nav>
<h1>Wi-Fi, printing and scanning</h1>
<h2>Wi-Fi</h2>
<p>The network is called <b>persimmon-reading</b>. The password is <code>nine-magpies-1932</code>; it changes on the first day of
each quarter and is also written on the blackboard beside the tea room. A session ends after four hours, then simply sign in again.</p>
<h2>Printing</h2>
<p>Send a file to <i>print@persimmonlane.example</i> and type the four-digit code from the reply at the printer under the stairs.</p>
<table>
<tr><th>what</th><th>price per page</th></tr>
<tr><td>black and white, A4</td><td>50 won</td></tr>
<tr><td>colour, A4</td><td>300 won</td></tr>
<tr><td>colour, A3</td><td>700 won</td></tr>
</table>
<h2>Scanning</h2>
<p>Scanning is free. The book scanner takes volumes up to 42 centimetres tall; ask at the desk for the weights that keep old bindings open.</p>
</body>
</html>
"""

HISTORY = ("A short history of the house", [
    ("h", 1, "A short history of the house"),
    ("p", "The house was built in 1932 by the carpenter Han Deok-su for a merchant who sold paper to every school in the county. "
          "Its beams are red pine from the northern slope of Mount Gwirin, felled in winter and dried for three years before they were cut."),
    ("p", "The merchant's family kept the largest private collection of books in the valley. Neighbours borrowed them freely, and the "
          "lane has been a place for readers since then."),
    ("h", 2, "The flood of 1959"),
    ("p", "In September 1959 the stream behind the house rose by two metres in one night. The family carried 1,100 volumes to the attic "
          "by candlelight and lost only the dictionaries, which were too heavy to move in time."),
    ("page",),
    ("h", 2, "Empty years and restoration"),
    ("p", "From 1978 the house stood empty. The roof of the north wing fell in during the snow of 1991. In 1998 the county bought the "
          "building for the price of the land, and forty volunteers restored it over two summers under the architect Seo Yun-hui."),
    ("p", "Most of the 21,000 roof tiles are old ones. They were collected from eleven demolished houses and sorted by hand in the "
          "schoolyard."),
    ("page",),
    ("h", 2, "The library today"),
    ("p", "The library opened on 5 May 2000 with 3,400 books. It holds 18,700 today, a third of them gifts. The well in the courtyard, "
          "seven metres deep, still supplies the water for the tea room."),
    ("p", "The oldest book on show is an almanac of 1874. It lies in the glass case by the south window and is turned one page every Monday."),
])

FESTIVAL = ("감나무골 가을 책 축제 안내", [
    ("h", 1, "감나무골 가을 책 축제 안내"),
    ("p", "감나무골 가을 책 축제는 해마다 시월 셋째 주말에 이틀 동안 열립니다. 올해의 주제는 '할머니의 이야기'이며 모든 행사는 무료입니다."),
    ("h", 2, "첫째 날"),
    ("p", "오전 열 시에 마당에서 풍물패의 길놀이로 축제를 시작합니다. 열한 시에는 소설가 윤가람이 대청마루에서 새 소설 '은행나무 우체국'을 낭독합니다."),
    ("p", "오후 두 시부터는 헌책 장터가 열립니다. 헌책은 한 권에 천 원이며, 수익금은 모두 점자책을 사는 데 씁니다."),
    ("page",),
    ("h", 2, "둘째 날"),
    ("p", "오전에는 한지 만들기 체험이 있습니다. 한 번에 열두 명까지 참여할 수 있고, 예약은 구월 이십 일부터 전화 055-000-1932번으로 받습니다."),
    ("p", "오후 네 시에는 곶감 깎기 대회를 합니다. 껍질을 가장 길게 깎은 사람에게 곶감 한 접을 드립니다. 지난해 우승 기록은 이 미터 삼십일 센티미터였습니다."),
    ("page",),
    ("h", 2, "오시는 길과 비 올 때"),
    ("p", "축제 기간에는 골목에 차를 댈 수 없습니다. 군청 주차장에 차를 두고 이십 분마다 오는 무료 순환 버스를 타십시오."),
    ("p", "비가 오면 행사를 모두 군민 체육관으로 옮깁니다. 장소가 바뀌면 당일 아침 일곱 시에 문자로 알려 드립니다."),
])

GUESTHOUSE = ("Guesthouse handbook", [
    ("h", 1, "Rooms and prices"),
    ("p", "The guesthouse has four rooms around the inner courtyard. All of them have a heated ondol floor, cotton bedding and a private bathroom."),
    ("table", [["room", "guests", "price per night"], ["Magpie", "2", "68,000 won"], ["Pine", "2", "74,000 won"],
               ["Chrysanthemum", "3", "92,000 won"], ["Moon", "5", "140,000 won"]]),
    ("h", 1, "Arrival and departure"),
    ("p", "Check-in is from 15:00 to 21:00 and check-out is at 11:00. After 21:00 the gate is locked; the key box beside it opens with the "
          "code that we send on the day of arrival."),
    ("h", 2, "Cancellation"),
    ("p", "Cancel up to six days before arrival and you get everything back. Later than that we keep the price of one night."),
    ("h", 1, "House rules"),
    ("li", "Quiet hours are from 22:00 to 7:00, because paper doors hide nothing."),
    ("li", "Please do not burn candles or incense: the house is made of wood and paper."),
    ("li", "Breakfast is served from 7:30 to 9:00 and always includes juk, the rice porridge of the day."),
])

VOLUNTEERS = ("자원봉사자 교육", [
    ("자원봉사자 교육", ["감나무골 작은도서관에 오신 것을 환영합니다", "담당: 사서 문보라"], "교육은 모두 한 시간 반이 걸립니다. 쉬는 시간에 유자차를 준비합니다."),
    ("하는 일", ["책 정리: 반납된 책을 두 시간 안에 제자리에 꽂습니다", "책 수선: 매주 수요일 오후, 풀과 한지로 찢어진 책장을 고칩니다", "동화 읽어 주기: 토요일 오전 열한 시, 사랑방"],
     "책 수선은 처음 세 번은 반드시 경험 있는 봉사자와 함께 합니다."),
    ("약속", ["한 달에 네 시간 이상 봉사합니다", "못 오는 날은 하루 전까지 알립니다", "앞치마는 군청색이며 서랍장 셋째 칸에 있습니다"],
     "스무 시간을 채우면 봉사 확인서를 드립니다."),
])

PRICES = ("차방 차림표와 강좌 수강료", [
    ("차방 차림표", [["메뉴", "English", "값(원)", "비고"], ["유자차", "citron tea", 4500, "따뜻하게만"], ["수정과", "cinnamon punch", 5000, "차게만"],
                ["쌍화차", "ssanghwa tonic tea", 6500, "달걀노른자는 따로 말씀하세요"], ["감잎차", "persimmon leaf tea", 4000, "마당의 감나무 잎으로 만듭니다"],
                ["약과", "honey cookie", 2500, "두 개"]]),
    ("Workshops", [["workshop", "teacher", "first day", "fee (won)", "places"], ["Bookbinding for beginners", "Oh Se-jin", date(2026, 3, 7), 45000, 8],
                   ["Calligraphy with brush", "Baek Mu-yeol", date(2026, 4, 11), 38000, 10],
                   ["Natural dyeing", "Cha Yeo-ul", date(2026, 6, 20), 52000, 6]]),
])

RECIPES = ("Recipes from the tea room", [
    [("h", 1, "Sujeonggwa, cinnamon punch"),
     ("p", "Simmer 60 grams of sliced ginger in two litres of water for forty minutes, and 50 grams of cinnamon bark in another two litres for "
           "as long. Strain both, mix them, and sweeten with 180 grams of dark sugar. Never boil ginger and cinnamon in one pot: each "
           "dulls the other."),
     ("p", "Chill overnight. Serve with half a dried persimmon and three pine nuts.")],
    [("h", 1, "Persimmon jam"),
     ("p", "Take two kilograms of soft persimmons, the juice of three lemons and 700 grams of sugar. Cook slowly in a wide pan for fifty "
           "minutes and stir with a wooden spoon. It keeps for eight months in a cool cellar.")],
    [("h", 1, "약과"),
     ("p", "밀가루 오백 그램에 참기름 다섯 큰술을 넣고 손으로 비벼 체에 두 번 내립니다. 꿀과 청주를 넣어 살살 반죽하고, 백십 도의 기름에서 십오 분 동안 천천히 튀긴 뒤 조청에 여섯 시간 담가 둡니다.")],
])

MINUTES = ("운영위원회 회의록", [
    ("h", 1, "2025년 11월 운영위원회 회의록"),
    ("p", "일시: 2025년 11월 12일 수요일 오후 일곱 시. 장소: 안채 큰방. 참석: 위원 아홉 명 가운데 일곱 명. 의장: 정다솔."),
    ("h", 2, "안건 1. 지붕 수리"),
    ("p", "북쪽 날개의 기와 삼백 장을 갈기로 의결하였다. 예산은 팔백사십만 원이며 공사는 내년 사월 장마 전에 마친다. 공사는 영도기와가 맡는다."),
    ("h", 2, "안건 2. 새 책 구입"),
    ("p", "내년 도서 구입비를 천오백만 원으로 정하였다. 그 가운데 이 할은 큰글자책에 쓴다."),
    ("table", [["분야", "비율"], ["어린이책", "35%"], ["문학", "30%"], ["큰글자책", "20%"], ["그 밖의 책", "15%"]]),
    ("h", 2, "안건 3. 고양이"),
    ("p", "마당에 사는 고양이 두 마리의 이름을 투표로 정하였다. 검은 고양이는 먹물, 노란 고양이는 치자로 부른다. 다음 회의는 12월 10일에 연다."),
])

EVENTS_CSV = """event,date,time,place,leader,notes
Night reading under the full moon,2026-02-02,19:00,main hall,Moon Bo-ra,"bring a blanket, cocoa is free"
Film evening: The Paper Maker,2026-02-20,19:30,storehouse,Kang I-deun,"subtitles in English"
Chess for beginners,2026-03-14,14:00,sarangbang,Noh Eul,"sets are provided; from age eight"
Bird walk along the town wall,2026-04-04,06:30,meet at the gate,Ma Ru-bi,"binoculars can be borrowed for 1,000 won"
Repair cafe,2026-05-16,13:00,courtyard,Oh Se-jin,"books, bicycles and radios"
"""

TRAVEL_TXT = """Getting to Persimmon Lane

By train: take any train to Gwirin station, 2 hours 25 minutes from the capital. Leave by the east exit.

By bus: line 17 runs from the station to the stop "Old Wall" every 15 minutes; the ride takes eleven minutes. The last bus leaves the station at 22:40.

By car: there are only three parking spaces in the lane, and they are kept for people with a disability badge. Please use the county office car park, ten minutes away on foot; the first two hours are free and each further hour costs 1,000 won.

By bicycle: the river path ends at our gate. A pump and a box of tools hang beside the well.
"""

GARDEN_MD = """# 마당 가꾸기 달력

도서관 마당은 봉사자 다섯 명이 돌봅니다. 물은 우물물만 쓰고 농약은 쓰지 않습니다.

## 봄

- 삼월: 매화나무 가지를 치고 장독대 옆에 상추씨를 뿌립니다.
- 사월: 모란 둘레에 왕겨를 덮습니다. 모란은 보통 사월 스무닷새쯤 핍니다.

## 여름

- 유월: 봉숭아가 피면 어린이들과 손톱에 물을 들입니다.
- 칠월: 연못의 개구리밥을 일주일에 한 번 걷어 냅니다.

## 가을

- 시월: 감을 땁니다. 까치밥으로 나무마다 일곱 개씩 남깁니다.
- 십일월: 단풍나무 뿌리에 짚을 두르고 국화 화분을 안으로 들입니다.
"""

QUESTIONS = [
    ("When is the library open on Saturdays?", "en", "opening-hours.md", "9:00 to 17:00"),
    ("연체하면 어떻게 되나요?", "ko", "이용-규칙.txt", "대출이 정지"),
    ("What is the Wi-Fi password?", "en", "wifi-and-printing.html", "nine-magpies-1932"),
    ("Who built the house?", "en", "history.pdf", "Han Deok-su"),
    ("How deep is the well in the courtyard?", "en", "history.pdf", "seven metres"),
    ("헌책은 한 권에 얼마인가요?", "ko", "가을-축제.pdf", "천 원"),
    ("비가 오면 축제는 어디에서 하나요?", "ko", "가을-축제.pdf", "군민 체육관"),
    ("How much is the Moon room per night?", "en", "guesthouse.docx", "140,000 won"),
    ("책 수선은 무슨 요일에 하나요?", "ko", "자원봉사자-교육.pptx", "수요일"),
    ("유자차는 얼마인가요?", "ko", "prices.xlsx", "4500"),
    ("How much ginger goes into the cinnamon punch?", "en", "recipes.epub", "60 grams"),
    ("고양이 이름은 무엇인가요?", "ko", "회의록.hwpx", "먹물"),
    ("Who leads the bird walk along the town wall?", "en", "events.csv", "Ma Ru-bi"),
    ("Which bus goes from the station to the library?", "en", "getting-here.txt", "line 17"),
    ("까치밥으로 감을 몇 개 남기나요?", "ko", "마당-가꾸기.md", "일곱 개"),
]
