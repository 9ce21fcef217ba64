// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Vm} from "./Vm.sol";

/// What the other tests attack is the code that is deployed, to the byte: optimized, and the escrow's two halves by way of the
/// intermediate representation.
contract ReleasedTest {
    Vm private constant vm = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

    function test_the_attacked_code_is_the_deployed_code() public view {
        string[5] memory names = ["Escrow", "Registry", "PasskeyAccounts", "Revocations", "LocalEuro"];
        for (uint256 i = 0; i < names.length; ++i) {
            string memory name = names[i];
            string memory file = vm.readFile(string.concat("contracts/build/abi/", name, ".json"));
            bytes memory deployed = vm.parseJsonBytes(file, ".bytecode");
            bytes memory attacked = vm.getCode(string.concat(name, ".sol:", name));
            vm.assertEq(keccak256(attacked), keccak256(deployed), name);
        }
    }
}
