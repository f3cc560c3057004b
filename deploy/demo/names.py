"""Invented first and last names, and the words that school names are made of."""

FIRST = """
Adaeze Adrián Aisha Alejandra Amara Anahit Anjali Anselmo Araceli Ari Arsen Beatriz Belén Bao Benita Bonifacio
Camille Candelaria Cedric Chidi Chiara Clementina Corazón Dalia Damaris Darnell Delphine Désirée Dinh Dolores
Ebony Efraín Eleni Elspeth Emeka Esmeralda Esteban Fabiola Farid Fatima Felicity Fidel Fiona Florian Genevieve
Ghislaine Gor Graciela Gwendolyn Hae-Won Hakim Hana Haruko Hector Hilario Hortensia Ilse Imani Inés Ingrid
Isidro Ivy Jamal Jasmin Jing Joaquín Jocelyn Josefina Kaito Kamala Keisha Keoni Khadija Kofi Lakshmi Lamar
Leilani Leocadia Lilit Lucía Luz Malia Manpreet Marcelino Margit Marisol Matilde Mei Mercedes Mireya Moses
Nadia Nahuel Naomi Narek Nayeli Neha Ngozi Nicanor Noor Ofelia Olumide Omar Oksana Paloma Parvin Patience
Perla Petra Phuong Priya Quang Quetzal Rafaela Ramona Ravi Renata Rhiannon Rigoberto Rosalind Rubén Ruth
Salvador Samira Santos Sarkis Shanice Siobhán Soledad Sona Sunita Suzuki Tadeo Talia Tariq Temperance Teodoro
Thandiwe Thu Tigran Tomás Tova Ulises Valentina Vartan Verónica Vikram Wanjiru Wendell Ximena Xochitl Yasmin
Yeon Yolanda Yusuf Zainab Zoë
""".split()

LAST = (
    """
Abernathy, Acevedo, Adeyemi, Aguinaldo, Akopian, Alarcón, Alvarado Ríos, Amirkhan, Anaya, Appiah, Aramburu,
Arrieta, Babayan, Balderas, Banerjee, Barragán, Bautista, Beaumont, Bellamy, Benavides, Bhatt, Blackwood,
Boateng, Bracamonte, Cadena, Calloway, Camarena, Cantú, Carmichael, Castellanos, Ceballos, Chaudhry,
Chidester, Chow, Cisneros, Covarrubias, D'Angelo, D'Souza, Dang, Davenport-Ruiz, De Anda, De la Cruz, De León,
Delacroix, Demirci, Dhillon, Domínguez, Echeverría, Eguchi, Ekwueme, Elizondo, Espino, Etcheverry,
Fairweather, Farrukh, Figueroa-Lane, Fitzgerald, Fontenot, Galstyan, Gandara, Garibay, Gebre, Ghorbani,
Gallardo, Grigoryan, Guillén, Hakobyan, Halloran, Hamasaki, Haddad, Hinojosa, Holloway, Hovsepian, Huerta,
Ibarra, Ifeanyi, Ishikawa, Iturbide, Jaramillo, Jefferson-Boyd, Jovanović, Juárez, Kaneshiro, Karapetyan,
Kaur, Keawe, Kessler, Khachatryan, Kowalczyk, Kwan, Lachowicz, Landeros, Larrañaga, Ledesma, Lindqvist,
Lizárraga, Llewellyn, Lomelí, Lucero, Lwin, Mac Allister, Macías, Maldonado Vega, Manukyan, Marroquín,
Matsuda, Mbeki, McCready, Mc Elroy, Melkonian, Mendívil, Merriweather, Minassian, Montaño, Mukherjee, Murguía,
Nakagawa, Navarrete, Ndiaye, Ng, Nwosu, O'Connell, O'Dowd, O'Malley, Obregón, Ochieng, Okafor, Olagbegi,
Ontiveros, Ordóñez, Osei, Oyelaran, Pacheco, Paik, Palomares, Papazian, Patwardhan, Peña, Peralta-Quinn, Pham,
Pinkney, Plascencia, Poghosyan, Prado, Quiñones, Quintanilla, Quiroz, Rasmussen, Rehman, Rentería, Riojas,
Rosales Pino, Rutherford, Saldívar, Samarasinghe, Sandoval, Santillán, Sarmiento, Sepúlveda, Shirvanian,
Sifuentes, Solórzano, St. Clair, Stovall, Swaminathan, Tabatabai, Tamayo, Tarverdian, Tejada, Thibodeaux,
Tolentino, Torosyan, Treviño, Tsosie, Tuiasosopo, Uchida, Ugarte, Ulloa, Urrutia, Valdivia, Van der Berg, Van
Horn, Varga, Velarde, Venegas, Vidaurri, Villaseñor, Vo, Wainwright, Washington-Cole, Wickramaratne, Wolde,
Woolfolk, Xiong, Yáñez, Yamashiro, Yarbrough, Ybarra, Yeghiazarian, Yoon, Zakarian, Zamudio, Zavala, Zepeda,
Zhou, Zúñiga
""".replace("\n", " ")
    .strip()
    .split(", ")
)

WORDS = """
Acacia Agave Alder Almond Amberly Arroyo Ashgrove Aspen Avocado Azalea Bayberry Beechwood Bellflower Birchwood
Blackbird Bluebell Bougainvillea Brookhaven Buckeye Butterfield Cactus Calico Camellia Canyon Cardinal Carob
Catalpa Ceanothus Cedar Chaparral Cherrywood Cinnabar Citrus Clearwater Clover Copperhill Coral Cottonwood
Coyote Cypress Daffodil Dahlia Dandelion Dogwood Dovetail Eastwind Elderberry Elmcrest Eucalyptus Falcon
Fennel Fernwood Figtree Finch Foxglove Gardenia Ginkgo Goldenrod Granada Grapevine Greystone Harborlight
Hawthorn Hazel Heron Hibiscus Hollyhock Honeysuckle Horizon Hummingbird Iris Ironwood Jacaranda Jasmine
Juniper Kestrel Kingbird Lantana Larkspur Laurel Lavender Lemonwood Lilac Linden Longmeadow Lotus Lupine
Madrone Magnolia Manzanita Mariposa Marigold Meadowlark Mesquite Mimosa Mockingbird Monarch Mulberry Myrtle
Nectarine Nightingale Nutmeg Oakgrove Ocotillo Oleander Olive Orangewood Orchid Oriole Osprey Palmera Papaya
Peachtree Pelican Peppertree Periwinkle Persimmon Pinecrest Pinyon Plumeria Pomegranate Poppy Primrose Quail
Quarry Redbud Redwood Ridgeline Roadrunner Rosemary Sagebrush Sandalwood Sandpiper Santolina Sequoia
Silverleaf Snowberry Sparrow Spruce Starling Stonebridge Sumac Sunflower Sycamore Tamarack Tangerine Teakwood
Thistle Thrush Toyon Tulip Tumbleweed Verbena Violet Walnut Waterlily Westwind Wildrose Willow Windmill
Wisteria Woodbine Yarrow Yucca Zinnia
""".split()

PERSON_WORDS = """
Abernathy Bellamy Calloway Davenport Echeverría Fairweather Gallardo Holloway Ibarra Jaramillo Kaneshiro
Ledesma Merriweather Navarrete Okafor Palomares Quintanilla Rutherford Saldívar Thibodeaux Urrutia Valdivia
Wainwright Yamashiro Zamudio
""".split()

STREET_NUMBERS = (*range(1, 30), *range(41, 61), *range(92, 121))

COS = {
    "N": """Cleveland;Monroe;Sun Valley;No Hlywd/Val Vlg;Van Nuys/Val Gln;Panorama City;Cnga Oaks/Wdlnd Crk;
        Foothill Edge;Rsda/Sherman Way;Mission Wells;Sylvan Pass;Grnd Hls/Knlls""",
    "S": """San Pedro;HEET C/D;Fremont;South Mid-City;Gardena;Rivera;Carson;Hrbr Lght/Cty;Watts Twr/Jrdn;Avln Grdns""",
    "E": """Egl Rk/Highld Pk;Bell/Cudhy/Maywd;Lncln Hts/El Srno;East Los Angeles;Downtown;South Gate;Hstrc Cntrl Ave;
        MacArthur Park;So Los Angeles;Boyle Heights""",
    "W": "Hollywood;Fairfax;Westchester;LA Mid-City;Glsll/Ls Flz Prk;Hamilton;Venice;Bch Cty/Mar Vsta",
}


def communities(region: str, count: int) -> list[str]:
    """The first `count` Communities of Schools of a region, as written with a slash."""
    return [f"{' '.join(name.split())} CoS" for name in COS[region].split(";")][:count]


def ordinal(number: int) -> str:
    """1 -> `1st`, 12 -> `12th`, 112 -> `112th`, 103 -> `103rd`."""
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"
