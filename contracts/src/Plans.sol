// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Mandate, Terms, Standing} from "./ISeats.sol";
import {Change} from "./Schedule.sol";

/// What the two schedules of a seat hold, one word each below the 32 bits of the start:
/// the account's terms: validUntil uint16 (day) | sellFloor int24 | buyCeiling int24 | maxSell uint24 | maxBuy uint24
/// the grid operator's standing: grade uint8 | barred bit 25 | confirmed bit 24 | nameplate uint24
library Plans {
    uint256 private constant CONFIRMED = 1 << 24;
    uint256 private constant BARRED = 1 << 25;

    function ofMandate(Mandate calldata mandate, uint32 from) internal pure returns (Change) {
        return Change.wrap(
            (uint256(from) << 224) | (uint256(mandate.validUntil / 1 days) << 96)
                | (uint256(uint24(mandate.sellFloor)) << 72) | (uint256(uint24(mandate.buyCeiling)) << 48)
                | (uint256(mandate.maxSellWh) << 24) | mandate.maxBuyWh
        );
    }

    function ofClosing(uint32 from) internal pure returns (Change) {
        return Change.wrap(uint256(from) << 224);
    }

    function ofConfirmation(uint24 nameplateWh, uint8 grade, uint32 from) internal pure returns (Change) {
        return Change.wrap((uint256(from) << 224) | (uint256(grade) << 26) | CONFIRMED | nameplateWh);
    }

    function ofBar(uint32 from) internal pure returns (Change) {
        return Change.wrap((uint256(from) << 224) | BARRED);
    }

    function isBar(Change change) internal pure returns (bool) {
        return Change.unwrap(change) & BARRED != 0;
    }

    // Casts cut the word into its fields.
    // forge-lint: disable-next-item(unsafe-typecast)
    function toTerms(Change change) internal pure returns (Terms memory) {
        uint256 word = Change.unwrap(change);
        return Terms({
            from: change.from(),
            validUntilDay: uint16(word >> 96),
            sellFloor: int24(uint24(word >> 72)),
            buyCeiling: int24(uint24(word >> 48)),
            maxSellWh: uint24(word >> 24),
            maxBuyWh: uint24(word)
        });
    }

    // forge-lint: disable-next-item(unsafe-typecast)
    function toStanding(Change change) internal pure returns (Standing memory) {
        uint256 word = Change.unwrap(change);
        return Standing({
            from: change.from(),
            confirmed: word & CONFIRMED != 0,
            barred: word & BARRED != 0,
            grade: uint8(word >> 26),
            nameplateWh: uint24(word)
        });
    }
}
